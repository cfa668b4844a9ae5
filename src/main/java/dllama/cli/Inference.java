package dllama.cli;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dllama.error.UserException;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Reason;
import dllama.generation.GenerationEvent.Token;
import dllama.generation.GenerationRequest;
import dllama.generation.Scheduler;
import dllama.generation.Usage;
import dllama.session.Answer;
import dllama.session.LoadedModel;
import dllama.session.RequestSettings;
import dllama.session.Root;
import dllama.settings.Output;
import dllama.settings.Settings;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Goes on from a prompt, once.
final class Inference {
  /// The JSON document.
  private record Result(
      String model,
      int nodes,
      int[] promptTokens,
      List<Integer> tokens,
      String text,
      String finishReason,
      long loadMs,
      @JsonUnwrapped Timing timing,
      Usage.Guesses promptLookup) {}

  private final Settings settings;
  private final LoadedModel model;
  private final Vocabulary vocabulary;
  private final int[] prompt;
  private final PrintStream out;
  private final List<Integer> tokens = new ArrayList<>();
  private final WordWrap wrap = new WordWrap();
  private final StringBuilder text = new StringBuilder();

  /// @throws UserException if there is no prompt, or it does not fit
  Inference(Settings settings, LoadedModel model, PrintStream out) {
    this.settings = settings;
    this.model = model;
    this.out = out;
    vocabulary = model.vocabulary(settings.model());
    prompt = Tokenizer.of(vocabulary).encodePrompt(Prompt.text(settings.inference(), System.in));
    if (prompt.length == 0) {
      throw new UserException("there is nothing to go on from: give --prompt TEXT");
    }
    if (prompt.length > model.contextLength()) {
      throw new UserException(model.contextLimit().promptTooLong(prompt.length));
    }
  }

  /// Runs and prints the result.
  ///
  /// @throws UserException for a prompt that does not fit
  /// @throws dllama.step.ForwardException if the nodes were lost, and others did not come in time
  void run(Root root) throws InterruptedException {
    Root.Ready ready = root.awaitReady();
    Settings.Inference wanted = settings.inference();
    GenerationRequest request =
        new GenerationRequest(
            prompt,
            wanted.steps(),
            RequestSettings.sampler(settings.sampler()),
            wanted.ignoreEos() ? Set.of() : Set.copyOf(vocabulary.eosIds()),
            List.of(),
            RequestSettings.speculation(settings),
            RequestSettings.guidance(settings.sampler()));
    Finished finished;
    try (Scheduler scheduler =
        new Scheduler(root.forwardPass(), vocabulary, 1, root.recovery(), _ -> {})) {
      finished = Answer.await(scheduler, request, this::show);
    }
    if (settings.output() == Output.JSON) {
      Json.print(
          new Result(
              model.name(),
              ready.nodes(),
              prompt,
              tokens,
              text.toString(),
              finished.reason() == Reason.STOP ? "stop" : "length",
              ready.loadMillis(),
              Timing.of(finished.usage()),
              finished.usage().guesses()));
    } else {
      out.println();
      System.err.println(Timing.line(finished.usage()));
      Timing.guesses(finished.usage()).ifPresent(System.err::println);
      if (finished.reason() == Reason.CONTEXT) {
        System.err.println(model.contextLimit().full());
      }
    }
  }

  private void show(Token token) {
    tokens.add(token.id());
    text.append(token.text());
    if (settings.output() != Output.JSON) {
      String shown = StandardOutput.shown(token.text());
      int columns = Posix.columns(1);
      out.print(columns < WordWrap.NARROWEST ? shown : wrap.next(shown, columns));
      out.flush();
    }
  }
}
