package dllama.step;

import dllama.logits.LogitsWanted;
import dllama.logits.TokenChoice;
import java.util.stream.IntStream;

/// One sequence that has the pages of a forward pass to itself, for whoever feeds no other.
public final class OneSequence {
  private final ForwardPass forwardPass;
  private final int[] pages;
  private final TokenChoice choice = new TokenChoice();

  public OneSequence(ForwardPass forwardPass) {
    this.forwardPass = forwardPass;
    pages = IntStream.range(0, ForwardPass.pages(forwardPass.contextLength())).toArray();
  }

  /// Feeds tokens from `position` on.
  public StepResult feed(int[] tokens, int position, LogitsWanted wanted) {
    PagePool pool = forwardPass.pool();
    int[] windows = pool.ring(pages.length);
    return forwardPass.forward(
        new Step(pool.epoch(), new Run(pages, windows, position, tokens, wanted)));
  }

  /// Feeds tokens of whose logits nothing is wanted.
  public StepResult feed(int[] tokens, int position) {
    return feed(tokens, position, new LogitsWanted.Nothing());
  }

  /// All logits after the last of some tokens, `[vocabSize]`.
  public float[] logits(int[] tokens, int position) {
    return choice.all(feed(tokens, position, new LogitsWanted.All()).logits().getFirst());
  }
}
