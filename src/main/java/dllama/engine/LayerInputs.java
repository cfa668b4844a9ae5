package dllama.engine;

import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import dllama.tensor.WorkerPool;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// What each layer is given of each token of a step (per-layer embeddings, as Gemma 4 has them):
///
/// ```
/// input = (√P · e + norm(projection · x / √dim)) / √2
/// ```
///
/// of the input rows x and of what the embedding e has for the token, P values for each layer.
/// Every rank computes all of it, from the same bits: the sums of a product that is cut would have
/// to be exchanged, which takes longer.
final class LayerInputs {
  private final StepState step;
  private final SliceWeights.Inputs weights;
  private final DType type;

  /// Values of a token in one layer, and in all.
  private final int size;

  private final int all;

  /// Rows of the embedding, as they stand in the model's file; filled before the step.
  final MemorySegment rows;

  private final float[] embedded;

  /// `[maxTokens, layers, size]`.
  final float[] inputs;

  private final ProductInput x;
  private final WorkerPool.Task decodeShare = this::decodeShare;
  private final WorkerPool.Task projectShare = this::projectShare;
  private final WorkerPool.Task addShare = this::addShare;

  /// None where layers are given nothing.
  static @Nullable LayerInputs of(StepState step, SliceWeights weights, int maxTokens) {
    return weights.inputs().isEmpty()
        ? null
        : new LayerInputs(step, weights.inputs().getFirst(), maxTokens);
  }

  private LayerInputs(StepState step, SliceWeights.Inputs weights, int maxTokens) {
    this.step = step;
    this.weights = weights;
    ModelSpec spec = step.spec;
    type = spec.type(new TensorRole.Name(TensorRole.LAYER_EMBEDDING));
    size = spec.layering().inputDim();
    all = spec.layers() * size;
    rows = MemorySegment.ofArray(new byte[Math.toIntExact(maxTokens * type.byteSize(all))]);
    embedded = new float[Math.multiplyExact(maxTokens, all)];
    inputs = new float[embedded.length];
    x =
        new ProductInput(
            step.pool,
            spec.typesOf(TensorRole.LAYER_PROJECTION),
            maxTokens,
            spec.dim(),
            (token, into, _) -> step.kernels.load(step.x, token * spec.dim(), into, token));
  }

  /// Makes those of all rows of the step, whose input is not changed yet.
  void compute() {
    if (step.tokens() > 1) {
      step.pool.run(decodeShare);
    } else {
      decodeShare(0, 1);
    }
    x.prepare(step.tokens());
    step.pool.run(projectShare);
    step.pool.run(addShare);
  }

  private void decodeShare(int thread, int threads) {
    int to = WorkerPool.from(step.tokens(), thread + 1, threads);
    for (int token = WorkerPool.from(step.tokens(), thread, threads); token < to; token++) {
      type.decode(rows, token * type.byteSize(all), all, false, embedded, token * all);
    }
  }

  private void projectShare(int thread, int threads) {
    int groups = weights.projection().groups();
    int from = WorkerPool.from(groups, thread, threads);
    int to = WorkerPool.from(groups, thread + 1, threads);
    step.product(weights.projection(), from, to, x.rows(thread), inputs);
  }

  private void addShare(int thread, int threads) {
    float narrow = (float) (1 / Math.sqrt(step.spec.dim()));
    float scale = (float) Math.sqrt(size);
    float half = (float) Math.sqrt(0.5);
    int units = step.tokens() * step.spec.layers();
    int to = WorkerPool.from(units, thread + 1, threads);
    for (int unit = WorkerPool.from(units, thread, threads); unit < to; unit++) {
      int at = unit * size;
      for (int i = at; i < at + size; i++) {
        inputs[i] *= narrow;
      }
      step.kernels.rmsNorm(inputs, at, weights.norm(), size, step.spec.rmsEpsilon(), inputs, at);
      for (int i = at; i < at + size; i++) {
        inputs[i] = (embedded[i] * scale + inputs[i]) * half;
      }
    }
  }

  /// Where in [#inputs] those of a row begin in a layer.
  int at(int token, int layer) {
    return token * all + layer * size;
  }
}
