package dllama.shard;

import dllama.model.Architecture.Trait;
import dllama.tensor.WorkerPool;

/// One rank's rows of the logits of the last token of a batch: `scale · wcls · norm(x)`.
final class OutputBlock {
  private final StepState step;
  private final ShardWeights weights;
  private final NormedProduct product;
  private final float scale;
  private final WorkerPool.Task logitsShare = this::logitsShare;

  final float[] logits;

  OutputBlock(StepState step, ShardWeights weights) {
    this.step = step;
    this.weights = weights;
    scale = step.spec.architecture().logitsScale();
    logits = new float[weights.wcls().rows()];
    boolean roundInput = !step.spec.architecture().has(Trait.UNROUNDED_OUTPUT);
    product = new NormedProduct(step, weights.wcls(), roundInput, 1);
  }

  void compute() {
    product.prepare(weights.finalNorm(), step.tokens - 1, 1);
    step.pool.run(logitsShare);
    if (scale != 1) {
      for (int i = 0; i < logits.length; i++) {
        logits[i] *= scale;
      }
    }
  }

  private void logitsShare(int thread, int threads) {
    product.compute(weights.wcls(), logits, thread, threads);
  }
}
