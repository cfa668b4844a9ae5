package dllama.engine;

import dllama.model.ModelSpec;
import dllama.model.Range;
import dllama.slice.ShardPlan;
import dllama.tensor.Activations;
import dllama.tensor.Finite;
import dllama.tensor.Kernels;
import dllama.tensor.PackedMatrix;
import dllama.tensor.WorkerPool;
import java.util.List;
import java.util.stream.IntStream;

/// What the blocks of a layer have in common: the rows of the step under way and their residual
/// stream.
final class StepState {
  final ModelSpec spec;
  final Kernels kernels;
  final WorkerPool pool;

  /// The residual stream, `[maxRows, dim]`, the same on every rank.
  final float[] x;

  /// Sums this rank's leaves. What is left is its partial, a branch or more.
  final TreeSum leaves;

  /// Sums the partials of ranks, where they are added like leaves; in the memory of [#leaves].
  final TreeSum ranks;

  /// What is added to the residual stream when all partials are summed, `[sums, maxRows, dim]`: the
  /// first branch of [#leaves], and the total of [#ranks].
  final float[] partial;

  final StepRows rows;

  /// Sums that partials of the exchange that is due have of each row: [LayerBlock#sums].
  int sums = 1;

  /// Where in every place of [#leaves] the sum begins that is being computed.
  int sumAt;

  private final float[][] normed;

  StepState(
      ShardPlan plan, int rank, Kernels kernels, WorkerPool pool, int maxRows, int maxWanted) {
    spec = plan.spec();
    this.kernels = kernels;
    this.pool = pool;
    x = new float[Math.multiplyExact(maxRows, spec.dim())];
    int values = Math.multiplyExact(x.length, spec.feedForwardSums());
    List<Range> own = single(plan.leaves(rank));
    List<Range> all = plan.sumsAsTree() ? branches(plan) : own;
    var levels = new float[Math.max(TreeSum.levels(own), TreeSum.levels(all))][values];
    leaves = new TreeSum(kernels, own, levels);
    ranks = new TreeSum(kernels, all, levels);
    partial = levels[0];
    normed = new float[pool.threads()][spec.dim()];
    rows = new StepRows(maxRows, maxWanted);
  }

  private static List<Range> single(Range leaves) {
    return IntStream.range(leaves.from(), leaves.to())
        .mapToObj(leaf -> new Range(leaf, leaf + 1))
        .toList();
  }

  private static List<Range> branches(ShardPlan plan) {
    return IntStream.range(0, plan.worldSize())
        .mapToObj(plan::branches)
        .flatMap(List::stream)
        .toList();
  }

  /// Rows of the step.
  int tokens() {
    return rows.count();
  }

  /// Whether the residual stream of the last token of each run is all numbers.
  boolean lastRowsAreFinite() {
    int dim = spec.dim();
    for (int row = 0; row < tokens(); row++) {
      if (rows.endsRun(row) && !Finite.all(x, row * dim, dim)) {
        return false;
      }
    }
    return true;
  }

  /// Stores the norm of the residual stream of `token` as row `row` of `into`.
  void loadNormed(int token, float[] norm, Activations into, int row, int thread) {
    norm(token, norm, normed[thread]);
    kernels.load(normed[thread], 0, into, row);
  }

  /// The norm of the residual stream of `token`; that itself where `norm` is empty.
  void norm(int token, float[] norm, float[] to) {
    if (norm.length == 0) {
      System.arraycopy(x, token * spec.dim(), to, 0, spec.dim());
      return;
    }
    kernels.rmsNorm(x, token * spec.dim(), norm, spec.dim(), spec.rmsEpsilon(), to, 0);
  }

  /// Adds `x` to `sum`, both `[tokens, dim]`, for the row groups `from` ≤ group < `to` of the
  /// matrix that gave them.
  void addRows(float[] sum, float[] x, int from, int to) {
    int row = from * PackedMatrix.TILE;
    int size = Math.min(to * PackedMatrix.TILE, spec.dim()) - row;
    for (int token = 0; token < tokens(); token++) {
      int at = token * spec.dim() + row;
      kernels.add(sum, at, x, at, size);
    }
  }

  /// Adds the product of `leaf`, which is in its place of [#leaves] from [#sumAt] on, for the row
  /// groups `from` ≤ group < `to` of wo or w2.
  void addLeaf(int leaf, int from, int to) {
    int row = from * PackedMatrix.TILE;
    int rows = Math.min(to * PackedMatrix.TILE, spec.dim()) - row;
    for (int token = 0; token < tokens(); token++) {
      leaves.add(leaf, sumAt + token * spec.dim() + row, rows);
    }
  }

  /// `gate = activation(gate) · up` for `size` values from `at` on.
  void gate(float[] gate, float[] up, int at, int size) {
    gate(gate, at, up, at, size);
  }

  /// The same with values of `up` from elsewhere.
  void gate(float[] gate, int gateAt, float[] up, int upAt, int size) {
    switch (spec.activation()) {
      case SILU -> kernels.swiglu(gate, gateAt, up, upAt, size);
      case GELU -> kernels.geglu(gate, gateAt, up, upAt, size);
      case CLAMPED -> kernels.clampedSwiglu(gate, gateAt, up, upAt, size);
    }
  }

  /// Row groups that a thread takes at a time ([WorkerPool#take]).
  int portion(int groups) {
    return pool.portion(groups, PackedMatrix.GROUPS_OF_PASS);
  }

  /// `out[tokens, rows] = w · input`, for those row groups of `from` ≤ group < `to` that `w` has.
  void product(PackedMatrix w, int from, int to, Activations input, float[] out) {
    product(w, from, to, input, out, 0);
  }

  /// The same to `out` from `outAt` on.
  void product(PackedMatrix w, int from, int to, Activations input, float[] out, int outAt) {
    product(w, from, to, input, out, outAt, w.rows());
  }

  /// The same with rows of `out` that are `stride` long.
  void product(
      PackedMatrix w, int from, int to, Activations input, float[] out, int outAt, int stride) {
    int first = Math.max(from, 0);
    int last = Math.min(to, w.groups());
    if (first < last) {
      kernels.matmul(w, first, last, input, tokens(), out, outAt, stride);
    }
  }

  /// The same, with the bias of the projection added.
  void product(
      SliceWeights.Projection projection, int from, int to, Activations input, float[] out) {
    PackedMatrix w = projection.w();
    product(w, from, to, input, out);
    int row = Math.max(from, 0) * PackedMatrix.TILE;
    int size = Math.min(to * PackedMatrix.TILE, w.rows()) - row;
    if (projection.bias().length > 0 && size > 0) {
      for (int token = 0; token < tokens(); token++) {
        kernels.add(out, token * w.rows() + row, projection.bias(), row, size);
      }
    }
  }
}
