package dllama.model;

import dllama.error.UserException;

/// What a mixture of experts does beside choosing some of them: how scores of the router become
/// shares, and the expert that all tokens go to.
///
/// @param scores what is made of the products of the router
/// @param shared width of the expert that all tokens go to; 0 where there is none
/// @param renormed whether the shares of the chosen experts are made to add up to 1
/// @param scale of the shares then
/// @param denseLayers layers, the first ones, that have one network in place of experts
/// @param dense width of that
public record Mixture(
    Scores scores, int shared, boolean renormed, float scale, int denseLayers, int dense) {
  /// Shares are softmax over the chosen experts, and there is no other network.
  public static final Mixture PLAIN = new Mixture(Scores.SOFTMAX, 0, true, 1, 0, 0);

  private static final int WIDEST = 1 << 20;
  private static final int MOST_LAYERS = 1 << 10;

  /// What an expert is chosen by, and its share is made of.
  public enum Scores {
    /// Softmax over all experts.
    SOFTMAX,
    /// sigmoid(product)
    SIGMOID
  }

  public Mixture {
    if (shared < 0 || shared > WIDEST) {
      throw new UserException(
          "model header: a shared expert of %d values is not possible".formatted(shared));
    }
    boolean leads = denseLayers > 0 && denseLayers < MOST_LAYERS && dense > 0 && dense <= WIDEST;
    if (!leads && (denseLayers != 0 || dense != 0)) {
      throw new UserException(
          "model header: %d layers of %d values without experts are not possible"
              .formatted(denseLayers, dense));
    }
    if (!(scale > 0) || Float.isInfinite(scale)) {
      throw new UserException("model header: shares times %s are not possible".formatted(scale));
    }
  }

  /// The same with a shared expert of another width.
  public Mixture withShared(int width) {
    return new Mixture(scores, width, renormed, scale, denseLayers, dense);
  }

  /// The same with so many first layers without experts, of another width.
  public Mixture withDense(int layers, int width) {
    return new Mixture(scores, shared, renormed, scale, layers, width);
  }

  /// The same with shares that are made of scores otherwise.
  public Mixture scored(Scores other, boolean toOne, float factor) {
    return new Mixture(other, shared, toOne, factor, denseLayers, dense);
  }

  /// The same with shares as their scores are.
  public Mixture asScored() {
    return new Mixture(scores, shared, false, scale, denseLayers, dense);
  }
}
