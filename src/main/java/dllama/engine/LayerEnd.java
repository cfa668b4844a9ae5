package dllama.engine;

import dllama.model.TensorRole;
import dllama.tensor.Activations;
import dllama.tensor.PackedMatrix;
import dllama.tensor.WorkerPool;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What comes after the last exchange of a layer, the same on every rank, which computes all of it:
///
/// ```
/// x += norm(projection · (activation(gate · x) · input))
/// x *= scale
/// ```
///
/// with what [LayerInputs] has for the layer, where it has anything.
final class LayerEnd {
  private final StepState step;
  private final List<SliceWeights.Layer> layers;
  private final @Nullable LayerInputs inputs;
  private final int size;
  private final float[] gated;
  private final float[] projected;
  private final ProductInput x;
  private final ProductInput hidden;
  private final WorkerPool.Task gateShare = this::gateShare;
  private final WorkerPool.Task projectShare = this::projectShare;
  private final WorkerPool.Task addShare = this::addShare;
  private final WorkerPool.Task scaleShare = this::scaleShare;
  private int layer;

  /// @param inputs none where layers have no inputs
  LayerEnd(
      StepState step,
      List<SliceWeights.Layer> layers,
      @Nullable LayerInputs inputs,
      int maxTokens) {
    this.step = step;
    this.layers = layers;
    this.inputs = inputs;
    int dim = step.spec.dim();
    size = step.spec.layering().inputDim();
    int tokens = inputs == null ? 0 : maxTokens;
    gated = new float[Math.multiplyExact(tokens, size)];
    projected = new float[Math.multiplyExact(tokens, dim)];
    x =
        new ProductInput(
            step.pool,
            step.spec.typesOf(TensorRole.INPUT_GATE),
            Math.max(1, tokens),
            dim,
            (token, into, _) -> step.kernels.load(step.x, token * dim, into, token));
    hidden =
        new ProductInput(
            step.pool,
            step.spec.typesOf(TensorRole.INPUT_PROJECTION),
            Math.max(1, tokens),
            size == 0 ? PackedMatrix.TILE : size, // of nothing that is ever multiplied
            (token, into, _) -> step.kernels.load(gated, token * size, into, token));
  }

  void compute(int layer) {
    this.layer = layer;
    SliceWeights.End end = layers.get(layer).end();
    if (!end.input().isEmpty()) {
      x.prepare(step.tokens());
      step.pool.run(gateShare);
      hidden.prepare(step.tokens());
      step.pool.run(projectShare);
      share(addShare);
    } else if (end.scale() != 1) {
      share(scaleShare);
    }
  }

  /// A row takes less than a barrier.
  private void share(WorkerPool.Task task) {
    if (step.tokens() > 1) {
      step.pool.run(task);
    } else {
      task.run(0, 1);
    }
  }

  private SliceWeights.Input input() {
    return layers.get(layer).end().input().getFirst();
  }

  private void gateShare(int thread, int threads) {
    PackedMatrix gate = input().gate();
    Activations rows = x.rows(thread);
    int from = WorkerPool.from(gate.groups(), thread, threads);
    int to = WorkerPool.from(gate.groups(), thread + 1, threads);
    step.product(gate, from, to, rows, gated);
    int row = from * PackedMatrix.TILE;
    int count = Math.min(to * PackedMatrix.TILE, size) - row;
    for (int token = 0; inputs != null && token < step.tokens() && count > 0; token++) {
      int at = inputs.at(token, layer) + row;
      step.gate(gated, token * size + row, inputs.inputs, at, count);
    }
  }

  private void projectShare(int thread, int threads) {
    PackedMatrix projection = input().projection();
    int from = WorkerPool.from(projection.groups(), thread, threads);
    int to = WorkerPool.from(projection.groups(), thread + 1, threads);
    step.product(projection, from, to, hidden.rows(thread), projected);
  }

  private void addShare(int thread, int threads) {
    int dim = step.spec.dim();
    float epsilon = step.spec.rmsEpsilon();
    int to = WorkerPool.from(step.tokens(), thread + 1, threads);
    for (int token = WorkerPool.from(step.tokens(), thread, threads); token < to; token++) {
      int at = token * dim;
      step.kernels.rmsNorm(projected, at, input().norm(), dim, epsilon, projected, at);
      step.kernels.add(step.x, at, projected, at, dim);
      scale(at, dim);
    }
  }

  private void scaleShare(int thread, int threads) {
    int dim = step.spec.dim();
    int to = WorkerPool.from(step.tokens(), thread + 1, threads);
    for (int token = WorkerPool.from(step.tokens(), thread, threads); token < to; token++) {
      scale(token * dim, dim);
    }
  }

  private void scale(int at, int size) {
    float scale = layers.get(layer).end().scale();
    for (int i = at; i < at + size; i++) {
      step.x[i] *= scale;
    }
  }
}
