package dllama.engine;

import dllama.model.TensorRole;
import dllama.tensor.PackedMatrix;
import dllama.tensor.WorkerPool;
import java.util.List;

/// `partial = Σ w_leaf · x_leaf` over this rank's leaves (`ShardPlan`), where `x_leaf` are the
/// columns of the input that belong to a leaf.
final class LeafProduct {
  private final StepState step;
  private final ProductInput[] inputs;
  private final WorkerPool.Task loadShare = this::loadShare;

  /// @param role of the matrix whose leaves will be multiplied
  /// @param like has the shape of its leaves in all layers
  /// @param x the input, `[maxTokens, columns of all leaves]`
  LeafProduct(StepState step, TensorRole role, List<PackedMatrix> like, int maxTokens, float[] x) {
    this.step = step;
    inputs = new ProductInput[like.size()];
    int stride = like.stream().mapToInt(PackedMatrix::cols).sum();
    int next = 0;
    for (int leaf = 0; leaf < inputs.length; leaf++) {
      int first = next;
      int cols = like.get(leaf).cols();
      next += cols;
      inputs[leaf] =
          new ProductInput(
              step.pool,
              step.spec.typesOf(role),
              maxTokens,
              cols,
              (token, into, _) -> step.kernels.load(x, token * stride + first, into, token));
    }
  }

  /// To be called before [#compute], outside the pool.
  void prepare() {
    expect();
    if (step.tokens() > 1) {
      step.pool.run(loadShare);
    }
  }

  /// [#prepare] for a caller that, with several tokens, has the pool run [#loadShare] along with
  /// other things.
  void expect() {
    for (ProductInput input : inputs) {
      input.expect(step.tokens());
    }
  }

  void loadShare(int thread, int threads) {
    for (ProductInput input : inputs) {
      input.loadShare(thread, threads);
    }
  }

  /// A thread's share: its rows of all leaves, so that adding them needs no barrier.
  void compute(List<PackedMatrix> leaves, int thread, int threads) {
    int groups = leaves.getFirst().groups();
    int from = WorkerPool.from(groups, thread, threads);
    int to = WorkerPool.from(groups, thread + 1, threads);
    if (from == to) {
      return;
    }
    for (int leaf = 0; leaf < inputs.length; leaf++) {
      product(leaf, leaves, from, to, thread, step.leaves.place(leaf));
      step.addLeaf(leaf, from, to);
    }
  }

  /// `out[tokens, rows] = w_leaf · x_leaf` for the row groups `from` ≤ group < `to`.
  void product(int leaf, List<PackedMatrix> leaves, int from, int to, int thread, float[] out) {
    step.product(leaves.get(leaf), from, to, inputs[leaf].rows(thread), out);
  }
}
