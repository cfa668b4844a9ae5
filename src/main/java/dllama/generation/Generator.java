package dllama.generation;

import dllama.error.UserException;
import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Prefill;
import dllama.generation.GenerationEvent.Reason;
import dllama.generation.GenerationEvent.Token;
import dllama.generation.StopDetector.Verdict;
import dllama.logits.LogitsWanted;
import dllama.logits.RunLogits;
import dllama.logits.TokenChoice;
import dllama.sampling.Sampler;
import dllama.step.ForwardException;
import dllama.step.ForwardPass;
import dllama.step.Run;
import dllama.step.Step;
import dllama.step.StepResult;
import dllama.tokenizer.TokenStream;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The loop that turns a prompt into an answer: prefill in batches, then decode token by token, or
/// by several where [Speculation] guesses them, until something ends it. Chat, HTTP and
/// benchmarks differ only in the sink.
///
/// One generation at a time, on the caller's thread. The cache holds one conversation; another one
/// is fed anew.
public final class Generator {
  /// Takes the events of a generation on its thread.
  @FunctionalInterface
  public interface Sink {
    /// Returns false to end the generation, which then finishes as cancelled; ignored for an
    /// ending.
    boolean accept(GenerationEvent event);
  }

  private static final int[] NO_TOKENS = {};

  private final ForwardPass forwardPass;
  private final Vocabulary vocabulary;
  private final Speculation speculation;

  /// Whose tokens the cache holds.
  private @Nullable Conversation latest;

  private long latestEpoch;
  private final int[] pages;
  private final TokenChoice choice = new TokenChoice();

  public Generator(ForwardPass forwardPass, Vocabulary vocabulary) {
    this(forwardPass, vocabulary, Speculation.off());
  }

  public Generator(ForwardPass forwardPass, Vocabulary vocabulary, Speculation speculation) {
    this.forwardPass = forwardPass;
    pages = IntStream.range(0, ForwardPass.pages(forwardPass.contextLength())).toArray();
    this.vocabulary = vocabulary;
    this.speculation = speculation;
  }

  /// Continues `conversation` with the prompt and an answer; the last event is [Finished] or
  /// [Failed].
  ///
  /// Afterwards the conversation holds prompt and answer, and can go on, however the answer ended.
  /// A generation that ends during the prefill leaves the conversation as it was.
  ///
  /// @throws UserException if the prompt is empty or too long, before any event; or when the model
  ///     gives what is no number, and then there is no other ending
  public void run(GenerationRequest request, Conversation conversation, Sink sink) {
    long epoch = forwardPass.epoch();
    conversation.limitCache(conversation == latest && epoch == latestEpoch ? Integer.MAX_VALUE : 0);
    latest = conversation;
    latestEpoch = epoch;
    int room = forwardPass.contextLength() - conversation.position();
    if (request.prompt().length > room) {
      throw new UserException(
          "the prompt has %d tokens, but of the context of %d only %d are left"
              .formatted(request.prompt().length, forwardPass.contextLength(), Math.max(room, 0)));
    }
    if (request.prompt().length == 0 && conversation.position() == conversation.cached()) {
      throw new UserException("the prompt is empty");
    }
    new Answer(request, conversation, sink).run();
  }

  private final class Answer {
    private final GenerationRequest request;
    private final Conversation conversation;
    private final Sink sink;
    private final TokenStream stream = new TokenStream(vocabulary);
    private final StopDetector detector;
    private final StepTimes times = new StepTimes();
    private final boolean guesses;
    private int prefillTokens;
    private long prefillNanos;
    private int generated;

    Answer(GenerationRequest request, Conversation conversation, Sink sink) {
      this.request = request;
      this.conversation = conversation;
      this.sink = sink;
      if (request.prompt().length > 0) {
        stream.follow(request.prompt()[request.prompt().length - 1]);
      }
      guesses = request.sampler() instanceof Sampler.Greedy;
      detector = StopDetector.anywhere(request.stopIds(), request.stops());
    }

    void run() {
      GenerationEvent ending;
      try {
        Reason reason = answer();
        ending = new Finished(reason, times.usage(prefillTokens, prefillNanos, generated));
      } catch (ForwardException e) {
        conversation.limitCache(0);
        ending = new Failed(String.valueOf(e.getMessage()));
      } catch (UserException e) {
        conversation.limitCache(0); // no answer is built on what is no number
        throw e;
      }
      sink.accept(ending);
    }

    private Reason answer() {
      int before = conversation.position();
      conversation.append(request.prompt());
      StepResult last = null;
      try {
        last = prefill();
      } finally {
        if (last == null) {
          conversation.truncate(before);
        }
      }
      if (last == null) {
        return Reason.CANCELLED;
      }
      return request.maxTokens() == 0
          ? Reason.LENGTH
          : decode(SamplerChoice.next(request.sampler(), last.logits().getFirst(), choice));
    }

    /// Feeds what the cache does not hold; the last step, or null if the sink wants no more.
    private @Nullable StepResult prefill() {
      int total = conversation.position() - conversation.cached();
      while (true) {
        int[] tokens = conversation.uncached(forwardPass.maxBatchTokens());
        boolean last = prefillTokens + tokens.length == total;
        long start = System.nanoTime();
        int position = conversation.cached();
        LogitsWanted wanted =
            last && request.maxTokens() > 0
                ? SamplerChoice.wanted(request.sampler())
                : new LogitsWanted.Nothing();
        StepResult step = forward(tokens, position, wanted);
        conversation.cache(tokens.length);
        prefillNanos += System.nanoTime() - start;
        prefillTokens += tokens.length;
        if (!sink.accept(new Prefill(prefillTokens, total))) {
          return null;
        }
        if (last) {
          return step;
        }
      }
    }

    private Reason decode(int first) {
      if (guesses) {
        speculation.begin(conversation.tokens());
      }
      Reason end = emit(first);
      while (end == null) {
        end = step(guesses ? speculation.propose(room()) : NO_TOKENS);
      }
      return end;
    }

    /// How many tokens may be guessed so that none is computed in vain.
    private int room() {
      int context = forwardPass.contextLength() - conversation.position();
      int wanted = request.maxTokens() - generated - 1;
      return Math.min(Math.min(context, wanted), forwardPass.maxBatchTokens() - 1);
    }

    /// Feeds the latest token and guesses of what follows; takes what the model says into the
    /// answer, as far as it knew what it said: up to and with the first token that was guessed
    /// wrong. What was fed of wrong ones is fed over by the next step.
    private @Nullable Reason step(int[] guessed) {
      long start = System.nanoTime();
      int position = conversation.cached();
      int[] fed = joined(conversation.uncached(1), guessed);
      LogitsWanted wanted =
          guessed.length == 0
              ? SamplerChoice.wanted(request.sampler())
              : new LogitsWanted.Best(fed.length);
      StepResult step = forward(fed, position, wanted);
      conversation.cache(1);
      long nanos = System.nanoTime() - start;
      RunLogits logits = step.logits().getFirst();
      int[] chosen =
          guessed.length == 0
              ? new int[] {SamplerChoice.next(request.sampler(), logits, choice)}
              : choice.best(logits);
      int right = 0;
      while (right < guessed.length && guessed[right] == chosen[right]) {
        right++;
      }
      int before = generated;
      Reason end = emit(chosen[0]);
      for (int i = 1; i <= right && end == null; i++) {
        conversation.cache(1); // the guess, fed in this step
        end = emit(chosen[i]);
      }
      times.add(nanos, step, generated - before, guessed.length, right);
      speculation.measured(guessed.length, right, nanos);
      return end;
    }

    private StepResult forward(int[] tokens, int position, LogitsWanted wanted) {
      return forwardPass.forward(new Step(latestEpoch, new Run(pages, position, tokens, wanted)));
    }

    private static int[] joined(int[] first, int[] then) {
      int[] all = Arrays.copyOf(first, first.length + then.length);
      System.arraycopy(then, 0, all, first.length, then.length);
      return all;
    }

    /// Takes a token into the answer; why the answer ends with it, or null if it goes on.
    private @Nullable Reason emit(int token) {
      generated++;
      Verdict verdict = detector.append(token, stream.next(token));
      if (!request.stopIds().contains(token)) {
        conversation.append(token);
        if (guesses) {
          speculation.follow(token);
        }
      }
      Reason end = end(verdict);
      String text = verdict == Verdict.MAYBE_EOS && end == null ? "" : detector.take();
      boolean wanted = sink.accept(new Token(token, text));
      return end == null && !wanted ? Reason.CANCELLED : end;
    }

    private @Nullable Reason end(Verdict verdict) {
      if (verdict == Verdict.EOS) {
        return Reason.STOP;
      }
      if (generated == request.maxTokens()) {
        return Reason.LENGTH;
      }
      return conversation.position() > forwardPass.contextLength() ? Reason.CONTEXT : null;
    }
  }
}
