package dllama.engine;

import dllama.slice.ShardPlan;
import dllama.tensor.Activations;

/// How a step is cut in two halves that are computed by turns, one while what the other has sent is
/// on its way. The second half follows the first one in the text.
public final class Halves {
  private Halves() {}

  /// Tokens of the first half of `tokens`; the other half has at least one, too, of two or more.
  /// Whole bundles where there are enough, because that is what kernels compute together.
  public static int first(int tokens) {
    int half = tokens / 2;
    return tokens < 2 * Activations.BUNDLE
        ? half
        : (half + Activations.BUNDLE / 2) / Activations.BUNDLE * Activations.BUNDLE;
  }

  /// Whether halves are quicker than a whole step. They read the weights twice, and twice as many
  /// frames are sent: worth it where each half is long enough for its multiply-adds to take longer
  /// than reading, and sends so much that it is on its way for longer than a frame takes anyway. Of
  /// experts each half reads nearly as many as the whole, for few tokens each.
  public static boolean areWorthIt(ShardPlan plan, int tokens) {
    int first = first(tokens);
    return plan.worldSize() > 1
        && plan.spec().experts() == 0
        && tokens >= 2 * Activations.BUNDLE
        && plan.partialType().byteSize((long) first * plan.spec().dim()) >= Collective.ROUND_BYTES;
  }
}
