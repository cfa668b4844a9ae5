package dllama.shard;

import dllama.tensor.PackedMatrix;
import dllama.tensor.WorkerPool;

/// One rank's rows of the logits of the last token of a batch: `wcls · norm(x)`.
final class OutputBlock {
  private final StepState step;
  private final PackedMatrix wcls;
  private final ProductInput normed;
  private final WorkerPool.Task logitsShare = this::logitsShare;

  final float[] logits;

  OutputBlock(StepState step, ShardWeights weights) {
    this.step = step;
    wcls = weights.wcls();
    logits = new float[wcls.rows()];
    normed =
        new ProductInput(
            step.pool,
            wcls.dtype(),
            1,
            step.spec.dim(),
            (_, into, thread) ->
                step.loadNormed(step.tokens - 1, weights.finalNorm(), into, 0, thread));
  }

  void compute() {
    normed.prepare(1);
    step.pool.run(logitsShare);
  }

  private void logitsShare(int thread, int threads) {
    int from = WorkerPool.from(wcls.groups(), thread, threads);
    int to = WorkerPool.from(wcls.groups(), thread + 1, threads);
    step.kernels.matmul(wcls, from, to, normed.rows(thread), 1, logits, 0, wcls.rows());
  }
}
