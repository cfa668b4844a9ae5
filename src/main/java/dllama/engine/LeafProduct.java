package dllama.engine;

import dllama.model.TensorRole;
import dllama.tensor.Activations;
import dllama.tensor.PackedMatrix;
import dllama.tensor.WorkerPool;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// `partial = Σ w_leaf · x_leaf` over this rank's leaves (`ShardPlan`), where `x_leaf` are the
/// columns of the input that belong to a leaf. A leaf may be in several parts, each with columns of
/// its own, which are added in their order.
final class LeafProduct {
  private final StepState step;

  /// Of each layer, one for each leaf; layers whose leaves are as wide share them.
  private final List<ProductInput[]> layers = new ArrayList<>();

  /// What parts behind the first of a leaf give, `[maxTokens, dim]`; every thread has its own
  /// columns.
  private final float[] others;

  private final WorkerPool.Task loadShare = this::loadShare;
  private ProductInput[] inputs;

  /// @param role of the matrix whose leaves will be multiplied
  /// @param like have the shapes of its leaves in each layer
  /// @param x the input, `[maxTokens, columns of all leaves]`
  LeafProduct(
      StepState step, TensorRole role, List<List<PackedMatrix>> like, int maxTokens, float[] x) {
    this(step, role, like, false, maxTokens, x);
  }

  /// One whose leaves may be in parts.
  ///
  /// @param like have the shapes of the parts of all leaves in each layer
  static LeafProduct ofParts(
      StepState step, TensorRole role, List<List<PackedMatrix>> like, int maxTokens, float[] x) {
    return new LeafProduct(step, role, like, true, maxTokens, x);
  }

  private LeafProduct(
      StepState step,
      TensorRole role,
      List<List<PackedMatrix>> like,
      boolean inParts,
      int maxTokens,
      float[] x) {
    this.step = step;
    others = new float[inParts ? Math.multiplyExact(maxTokens, step.spec.dim()) : 0];
    Map<List<Integer>, ProductInput[]> shapes = new HashMap<>();
    for (List<PackedMatrix> leaves : like) {
      List<Integer> widths = leaves.stream().map(PackedMatrix::cols).toList();
      layers.add(
          shapes.computeIfAbsent(widths, widthsOf -> inputs(step, role, widthsOf, maxTokens, x)));
    }
    inputs = layers.getFirst();
  }

  private static ProductInput[] inputs(
      StepState step, TensorRole role, List<Integer> widths, int maxTokens, float[] x) {
    ProductInput[] inputs = new ProductInput[widths.size()];
    int stride = widths.stream().mapToInt(width -> width).sum();
    int next = 0;
    for (int leaf = 0; leaf < inputs.length; leaf++) {
      int first = next;
      int cols = widths.get(leaf);
      next += cols;
      inputs[leaf] =
          new ProductInput(
              step.pool,
              step.spec.typesOf(role),
              maxTokens,
              cols,
              (token, into, _) -> step.kernels.load(x, token * stride + first, into, token));
    }
    return inputs;
  }

  /// To be called before [#compute], outside the pool.
  void prepare(int layer) {
    expect(layer);
    if (step.tokens() > 1) {
      step.pool.run(loadShare);
    }
  }

  /// [#prepare] for a caller that, with several tokens, has the pool run [#loadShare] along with
  /// other things.
  void expect(int layer) {
    inputs = layers.get(layer);
    for (ProductInput input : inputs) {
      input.expect(step.tokens());
    }
  }

  void loadShare(int thread, int threads) {
    for (ProductInput input : inputs) {
      input.loadShare(thread, threads);
    }
  }

  /// What a thread takes of the rows: of all leaves, so that adding them needs no barrier.
  void compute(List<PackedMatrix> leaves, int thread) {
    int groups = leaves.getFirst().groups();
    load(thread);
    int portion = step.portion(groups);
    for (int from = step.pool.take(portion); from < groups; from = step.pool.take(portion)) {
      int to = Math.min(from + portion, groups);
      for (int leaf = 0; leaf < inputs.length; leaf++) {
        Activations input = inputs[leaf].loaded(thread);
        step.product(leaves.get(leaf), from, to, input, step.leaves.place(leaf), step.sumAt);
        step.addLeaf(leaf, from, to);
      }
    }
  }

  /// For a thread's products of this layer.
  void load(int thread) {
    for (ProductInput input : inputs) {
      input.rows(thread);
    }
  }

  /// The same of leaves in parts.
  void computeParts(List<List<PackedMatrix>> leaves, int thread) {
    int groups = leaves.getFirst().getFirst().groups();
    load(thread);
    int portion = step.portion(groups);
    for (int from = step.pool.take(portion); from < groups; from = step.pool.take(portion)) {
      computeParts(leaves, from, Math.min(from + portion, groups), thread);
    }
  }

  private void computeParts(List<List<PackedMatrix>> leaves, int from, int to, int thread) {
    int input = 0;
    for (int leaf = 0; leaf < leaves.size(); leaf++) {
      List<PackedMatrix> parts = leaves.get(leaf);
      float[] sum = step.leaves.place(leaf);
      for (int part = 0; part < parts.size(); part++, input++) {
        float[] out = part == 0 ? sum : others;
        step.product(parts.get(part), from, to, inputs[input].loaded(thread), out);
        if (part > 0) {
          step.addRows(sum, others, from, to);
        }
      }
      step.addLeaf(leaf, from, to);
    }
  }

  /// `out[tokens, rows] = w_leaf · x_leaf` from `outAt` on, for the row groups `from` ≤ group <
  /// `to`, of what the thread has [loaded][#load].
  void product(
      int leaf, List<PackedMatrix> leaves, int from, int to, int thread, float[] out, int outAt) {
    step.product(leaves.get(leaf), from, to, inputs[leaf].loaded(thread), out, outAt);
  }
}
