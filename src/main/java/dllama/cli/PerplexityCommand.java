package dllama.cli;

import dllama.error.UserException;
import dllama.files.RegularFile;
import dllama.generation.Perplexity;
import dllama.session.LoadedModel;
import dllama.session.Root;
import dllama.settings.Output;
import dllama.settings.Settings;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/// Measures how well the model foretells a text.
final class PerplexityCommand {
  private static final int USUAL_CONTEXT = 512;

  /// The JSON document.
  ///
  /// @param context tokens of a window
  /// @param tokens that counted
  /// @param error standard error of `perplexity`
  record Result(
      String model,
      String weights,
      int nodes,
      int context,
      int windows,
      int tokens,
      double perplexity,
      double error,
      double seconds,
      double tokensPerSecond) {}

  private final Settings settings;
  private final LoadedModel model;
  private final StatusLines lines;
  private final PrintStream out;
  private final int[] tokens;
  private final int context;
  private final int bos;

  /// @throws UserException if there is no text, it is shorter than a window, or a window does not
  ///     fit the model's context
  PerplexityCommand(Settings settings, LoadedModel model, StatusLines lines, PrintStream out) {
    this.settings = settings;
    this.model = model;
    this.lines = lines;
    this.out = out;
    Settings.Perplexity wanted = settings.perplexity();
    context = wanted.context().orElse(Math.min(USUAL_CONTEXT, model.contextLength()));
    if (context > model.contextLength() || context < Perplexity.LEAST_CONTEXT) {
      throw new UserException(
          "--context %d does not fit the context of %d; %s"
              .formatted(context, model.contextLength(), model.contextLimit().advice()));
    }
    Vocabulary vocabulary = model.vocabulary(settings.model());
    bos = vocabulary.addBos() ? vocabulary.bosId() : -1;
    String text =
        RegularFile.text(
            wanted
                .file()
                .orElseThrow(() -> new UserException("give --file TEXT: what to foretell")),
            "--file");
    tokens = Tokenizer.of(vocabulary).encode(withoutLineEnd(text), true, false);
    if (tokens.length < context) {
      throw new UserException(
          "the text has %d tokens, a window %d; give a longer text, or a smaller --context"
              .formatted(tokens.length, context));
    }
  }

  /// Editors end every text with one.
  private static String withoutLineEnd(String text) {
    return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }

  /// Measures, and prints the result.
  ///
  /// @throws dllama.step.ForwardException if the nodes were lost, and others did not come in time
  void run(Root root) throws InterruptedException {
    Root.Ready ready = root.awaitReady();
    long start = System.nanoTime();
    Perplexity all =
        Perplexity.of(
            root.forwardPass(),
            tokens,
            context,
            bos,
            root.recovery(),
            soFar -> progress(soFar, start));
    double seconds = (System.nanoTime() - start) / 1e9;
    double rate = (double) all.windows() * context / seconds;
    if (settings.output() == Output.JSON) {
      Json.print(
          new Result(
              model.name(),
              model.weights(),
              ready.nodes(),
              context,
              all.windows(),
              all.tokens(),
              all.value(),
              all.error(),
              Json.rounded(seconds),
              Json.rounded(rate)),
          out);
    } else {
      out.printf(Locale.ROOT, "perplexity %.4f +/- %.5f%n", all.value(), all.error());
      lines.say(
          "%d windows of %d tokens, of which %d counted, %.1f tokens/s"
              .formatted(all.windows(), context, all.tokens(), rate));
    }
  }

  private void progress(Perplexity soFar, long start) {
    int windows = Perplexity.windows(tokens.length, context);
    if (soFar.windows() == windows || !lines.due()) {
      return;
    }
    double each = (System.nanoTime() - start) / 1e9 / soFar.windows();
    long left = Math.round(each * (windows - soFar.windows()));
    lines.show(
        List.of(
            "window %d of %d: perplexity %.4f, %.1f tokens/s, %s left"
                .formatted(
                    soFar.windows(), windows, soFar.value(), context / each, Rate.time(left))));
  }
}
