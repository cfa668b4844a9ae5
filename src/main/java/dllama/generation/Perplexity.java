package dllama.generation;

import dllama.logits.LogitsWanted;
import dllama.step.ForwardException;
import dllama.step.ForwardPass;
import dllama.step.PagePool;
import dllama.step.Run;
import dllama.step.Step;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// How well a model foretells a text, as llama.cpp's tool of that name measures it: the text is cut
/// into windows, each read by itself, and the tokens of a window's second half count, so that
/// every one has at least half a window in front. Where the model's texts begin with BOS, it stands
/// in place of a window's first token. What is left at the end of the text does not count.
///
/// Added up in the order of the text, so the same bits wherever logits have the same bits.
///
/// @param windows of the text that were read
/// @param tokens that counted
/// @param sum of the negative log probabilities of these
/// @param squares sum of their squares
public record Perplexity(int windows, int tokens, double sum, double squares) {
  /// Fewer leave nothing that counts.
  public static final int LEAST_CONTEXT = 3;

  private static final Duration LOOK = Duration.ofSeconds(1);

  /// e to the mean negative log probability of a token.
  public double value() {
    return StrictMath.exp(sum / tokens);
  }

  /// The standard error of [#value].
  public double error() {
    double mean = sum / tokens;
    double variance = squares / tokens - mean * mean;
    return tokens < 2 ? 0 : StrictMath.sqrt(Math.max(0, variance) / (tokens - 1)) * value();
  }

  /// Windows of a text.
  public static int windows(int tokens, int context) {
    return tokens / context;
  }

  /// Measures a text of at least one window; blocks.
  ///
  /// @param context tokens of a window, at least [#LEAST_CONTEXT]
  /// @param bos in place of the first token of windows; −1 to leave that
  /// @param recovery has a window read again when nodes are lost
  /// @param each is told what it comes to so far, after each window
  /// @throws ForwardException if the nodes were lost, and others are not waited for
  /// @throws dllama.error.UserException if the model gives what is no number
  public static Perplexity of(
      ForwardPass forwardPass,
      int[] tokens,
      int context,
      int bos,
      Recovery recovery,
      Consumer<Perplexity> each)
      throws InterruptedException {
    Perplexity all = new Perplexity(0, 0, 0, 0);
    for (int window = 0; window < windows(tokens.length, context); window++) {
      int[] of = Arrays.copyOfRange(tokens, window * context, (window + 1) * context);
      of[0] = bos < 0 ? of[0] : bos;
      all = all.and(logprobs(forwardPass, of, recovery));
      each.accept(all);
    }
    return all;
  }

  private Perplexity and(double[] logprobs) {
    double newSum = sum;
    double newSquares = squares;
    for (double logprob : logprobs) {
      newSum -= logprob;
      newSquares += logprob * logprob;
    }
    return new Perplexity(windows + 1, tokens + logprobs.length, newSum, newSquares);
  }

  private static double[] logprobs(ForwardPass forwardPass, int[] window, Recovery recovery)
      throws InterruptedException {
    while (true) {
      long epoch = forwardPass.pool().epoch();
      try {
        return logprobs(forwardPass, window);
      } catch (ForwardException lost) {
        while (!recovery.await(lost, LOOK)) {}
        if (forwardPass.pool().epoch() == epoch) {
          throw lost; // it were not the nodes
        }
      }
    }
  }

  /// The log probabilities of the tokens after the middle of a window. Its last token need not be
  /// fed. Every step belongs to one world: another one would not have what was fed before.
  private static double[] logprobs(ForwardPass forwardPass, int[] window) {
    int first = window.length / 2;
    double[] logprobs = new double[window.length - 1 - first];
    PagePool pool = forwardPass.pool();
    long epoch = pool.epoch();
    int[] pages = IntStream.range(0, ForwardPass.pages(window.length)).toArray();
    int[] windows = pool.ring(pages.length);
    for (int from = 0; from < window.length - 1; ) {
      int most = from < first ? forwardPass.maxBatchTokens() : mostCounted(forwardPass);
      int to = Math.min(from + most, from < first ? first : window.length - 1);
      int[] rows = Arrays.copyOfRange(window, from, to);
      if (from < first) {
        var nothing = new LogitsWanted.Nothing();
        forwardPass.forward(new Step(epoch, new Run(pages, windows, from, rows, nothing)));
      } else {
        var given = new LogitsWanted.Given(Arrays.copyOfRange(window, from + 1, to + 1));
        var result =
            forwardPass.forward(new Step(epoch, new Run(pages, windows, from, rows, given)));
        double[] told = result.logits().getFirst().given(given);
        System.arraycopy(told, 0, logprobs, from - first, told.length);
      }
      from = to;
    }
    return logprobs;
  }

  private static int mostCounted(ForwardPass forwardPass) {
    return Math.min(forwardPass.maxBatchTokens(), LogitsWanted.Given.MAX_ROWS);
  }
}
