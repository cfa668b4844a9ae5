package dllama.shard;

import dllama.tensor.Activations;
import dllama.tensor.PackedMatrix;
import dllama.tensor.WorkerPool;
import java.util.List;

/// One rank's part of the gated feed-forward network:
///
/// ```
/// partial = w2 · (activation(w1 · norm(x)) · (w3 · norm(x)))
/// ```
final class FeedForwardBlock {
  private final StepState step;
  private final List<ShardWeights.Layer> layers;
  private final int ffnDim;
  private final ProductInput normed;
  private final ProductInput hidden;
  private final float[] gate;
  private final float[] up;
  private final WorkerPool.Task hiddenShare = this::hiddenShare;
  private final WorkerPool.Task downShare = this::downShare;
  private ShardWeights.Layer weights;

  FeedForwardBlock(StepState step, List<ShardWeights.Layer> layers, int maxTokens) {
    this.step = step;
    this.layers = layers;
    weights = layers.getFirst();
    ffnDim = weights.w1().rows();
    gate = new float[Math.multiplyExact(maxTokens, ffnDim)];
    up = new float[gate.length];
    normed =
        new ProductInput(
            step.pool,
            weights.w1().dtype(),
            maxTokens,
            step.spec.dim(),
            (token, into, thread) ->
                step.loadNormed(token, weights.ffnNorm(), into, token, thread));
    hidden =
        new ProductInput(
            step.pool,
            weights.w2().dtype(),
            maxTokens,
            ffnDim,
            (token, into, _) -> step.kernels.load(gate, token * ffnDim, into, token));
  }

  /// Fills `step.partial`.
  void compute(int layer) {
    weights = layers.get(layer);
    normed.prepare(step.tokens);
    step.pool.run(hiddenShare);
    hidden.prepare(step.tokens);
    step.pool.run(downShare);
  }

  /// The same rows of gate and up, so that their product needs no barrier.
  private void hiddenShare(int thread, int threads) {
    Activations input = normed.rows(thread);
    int groups = weights.w1().groups();
    int from = WorkerPool.from(groups, thread, threads);
    int to = WorkerPool.from(groups, thread + 1, threads);
    step.product(weights.w1(), from, to, input, gate);
    step.product(weights.w3(), from, to, input, up);
    int row = from * PackedMatrix.TILE;
    int rows = Math.min(to * PackedMatrix.TILE, ffnDim) - row;
    for (int token = 0; token < step.tokens && rows > 0; token++) {
      int at = token * ffnDim + row;
      switch (step.spec.activation()) {
        case SILU -> step.kernels.swiglu(gate, at, up, at, rows);
        case GELU -> step.kernels.geglu(gate, at, up, at, rows);
      }
    }
  }

  private void downShare(int thread, int threads) {
    Activations input = hidden.rows(thread);
    int groups = weights.w2().groups();
    int from = WorkerPool.from(groups, thread, threads);
    int to = WorkerPool.from(groups, thread + 1, threads);
    step.product(weights.w2(), from, to, input, step.partial);
  }
}
