package dllama.shard;

import dllama.model.Architecture.Trait;
import dllama.tensor.Finite;
import dllama.tensor.PackedMatrix;
import dllama.tensor.WorkerPool;

/// One rank's rows of the logits of the last tokens of a batch: `scale · wcls · norm(x)`.
final class OutputBlock {
  private final StepState step;
  private final ShardWeights weights;
  private final NormedProduct product;
  private final float scale;
  private final WorkerPool.Task logitsShare = this::logitsShare;

  /// Of one token, apart, so that all of the array is what is wanted.
  private final float[] one;

  private final float[] several;

  private int rows;

  /// By thread, whether its logits are numbers.
  private final boolean[] finite;

  /// Those computed last, `[rows, rank's vocabulary]`, and room for more.
  float[] logits;

  /// @param maxRows the most tokens of a batch whose logits are wanted; 0: none ever are
  OutputBlock(StepState step, ShardWeights weights, int maxRows) {
    this.step = step;
    this.weights = weights;
    scale = step.spec.architecture().logitsScale();
    one = new float[maxRows > 0 ? weights.wcls().rows() : 0];
    several = new float[maxRows > 1 ? Math.multiplyExact(maxRows, one.length) : 0];
    logits = one;
    finite = new boolean[step.pool.threads()];
    boolean roundInput = !step.spec.architecture().has(Trait.UNROUNDED_OUTPUT);
    product = new NormedProduct(step, weights.wcls(), roundInput, Math.max(1, maxRows));
  }

  /// Computes those of the last `rows` tokens.
  void compute(int rows) {
    this.rows = rows;
    logits = rows == 1 ? one : several;
    product.prepare(weights.finalNorm(), step.tokens - rows, rows);
    step.pool.run(logitsShare);
    if (scale != 1) {
      for (int i = 0; i < rows * one.length; i++) {
        logits[i] *= scale;
      }
    }
  }

  /// Whether all logits of the last `rows` tokens are numbers.
  boolean isFinite() {
    for (boolean of : finite) {
      if (!of) {
        return false;
      }
    }
    return true;
  }

  private void logitsShare(int thread, int threads) {
    PackedMatrix w = weights.wcls();
    product.compute(w, logits, thread, threads);
    int from = NormedProduct.fromRow(w, thread, threads);
    int size = NormedProduct.fromRow(w, thread + 1, threads) - from;
    boolean all = true;
    for (int row = 0; row < rows; row++) {
      all &= Finite.all(logits, row * w.rows() + from, size);
    }
    finite[thread] = all;
  }
}
