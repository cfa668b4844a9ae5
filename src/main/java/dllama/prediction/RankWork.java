package dllama.prediction;

import dllama.engine.ShardEngine;
import dllama.model.DeltaNet;
import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import dllama.slice.ShardPlan;
import dllama.slice.SliceLayout;
import dllama.tensor.DType;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.IntStream;

/// What a rank reads and multiplies, counted in its slice.
///
/// @param commonBytes weights of all layers that every token needs
/// @param expertBytes weights of all experts of all layers; 0 in a dense model
/// @param outputBytes final norm and wcls
/// @param commonProducts multiply-adds of a token with the common weights
/// @param expertProducts multiply-adds that all experts would take
/// @param outputProducts multiply-adds of one token's logits
record RankWork(
    ShardPlan plan,
    int rank,
    long commonBytes,
    long expertBytes,
    long outputBytes,
    long commonProducts,
    long expertProducts,
    long outputProducts) {
  private static final Set<TensorRole> OUTPUT = EnumSet.of(TensorRole.FINAL_NORM, TensorRole.WCLS);
  private static final Set<TensorRole> NETWORK =
      EnumSet.of(
          TensorRole.W1,
          TensorRole.W2,
          TensorRole.W3,
          TensorRole.W1_BIAS,
          TensorRole.W2_BIAS,
          TensorRole.W3_BIAS);

  static RankWork of(SliceLayout layout) {
    long[] bytes = new long[3];
    long[] products = new long[3];
    boolean experts = layout.plan().spec().experts() > 0;
    for (SliceLayout.Entry entry : layout.entries()) {
      TensorRole role = entry.name().role();
      int kind = OUTPUT.contains(role) ? 2 : experts && NETWORK.contains(role) ? 1 : 0;
      bytes[kind] += entry.bytes();
      products[kind] += role.isVector() ? 0 : (long) entry.rows().size() * entry.cols().size();
    }
    return new RankWork(
        layout.plan(),
        layout.rank(),
        bytes[0],
        bytes[1],
        bytes[2],
        products[0],
        products[1],
        products[2]);
  }

  /// Bytes that the layers read for a batch of `tokens`: those experts that at least one of them
  /// chose, if all experts are as likely.
  double layerBytes(int tokens) {
    return commonBytes + expertBytes * (1 - Math.pow(1 - activeShare(), tokens));
  }

  /// Multiply-adds of the layers for one token, without attention.
  double layerProducts() {
    return commonProducts + expertProducts * activeShare();
  }

  private double activeShare() {
    ModelSpec spec = plan.spec();
    return spec.experts() == 0 ? 0 : (double) spec.activeExperts() / spec.experts();
  }

  /// Multiply-adds of all layers' attention for one token over `positions`: with keys and values.
  double attentionProducts(double positions) {
    return 2.0 * seen(TensorRole.Axis.QUERY, positions);
  }

  /// What all layers see of so many positions, each times what this rank has of an axis.
  private double seen(TensorRole.Axis axis, double positions) {
    return IntStream.range(0, plan.spec().layers())
        .filter(layer -> !plan.spec().deltaNet().at(layer))
        .mapToDouble(
            layer ->
                plan.part(axis, rank, layer).size() * plan.spec().attention(layer).seen(positions))
        .sum();
  }

  /// Multiply-adds of all delta networks for one token: each element of a state is made less, read
  /// with the key, changed, and read with the query.
  double stateProducts() {
    DeltaNet net = plan.spec().deltaNet();
    long heads = net.exists() ? plan.deltaCuts(rank).rowOrder().size() : 0;
    return 4.0 * net.count() * heads * net.headDim() * net.headDim();
  }

  /// Bytes of the delta networks' states that a step reads and writes, of one sequence.
  double stateBytes() {
    return 2.0 * ShardEngine.stateBytes(plan, rank);
  }

  /// Bytes of keys and values that all layers read of `positions`.
  double cacheBytes(double positions, DType kv) {
    return 2.0 * kv.byteSize(1) * seen(TensorRole.Axis.KEY, positions);
  }
}
