package dllama.shard;

import dllama.model.Architecture.Trait;
import dllama.tensor.WorkerPool;
import java.util.function.IntUnaryOperator;

/// One rank's part of the logits of those rows of a step that want them: `scale · wcls · norm(x)`.
final class OutputBlock {
  private final StepState step;
  private final ShardWeights weights;
  private final NormedProduct product;
  private final float scale;
  private final IntUnaryOperator wanted;
  private final WorkerPool.Task logitsShare = this::logitsShare;

  /// Those computed last, `[wanted rows, rank's vocabulary]`, and room for more.
  final float[] logits;

  /// @param maxRows the most rows of a step whose logits are wanted; 0: none ever are
  OutputBlock(StepState step, ShardWeights weights, int maxRows) {
    this.step = step;
    wanted = step.rows::wanted;
    this.weights = weights;
    scale = step.spec.architecture().logitsScale();
    logits = new float[Math.multiplyExact(maxRows, weights.wcls().rows())];
    boolean roundInput = !step.spec.architecture().has(Trait.UNROUNDED_OUTPUT);
    product = new NormedProduct(step, weights.wcls(), roundInput, Math.max(1, maxRows));
  }

  /// Computes those that the rows of the step want.
  void compute() {
    int rows = step.rows.wantedCount();
    product.prepare(weights.finalNorm(), rows, wanted);
    step.pool.run(logitsShare);
    if (scale != 1) {
      for (int i = 0; i < rows * weights.wcls().rows(); i++) {
        logits[i] *= scale;
      }
    }
  }

  private void logitsShare(int thread, int threads) {
    product.compute(weights.wcls(), logits, thread, threads);
  }
}
