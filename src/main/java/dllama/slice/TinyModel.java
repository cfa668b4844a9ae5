package dllama.slice;

import dllama.model.Mixture;
import dllama.model.ModelSpec;
import dllama.model.Sliding;
import dllama.model.TensorRole;
import dllama.tensor.PackedMatrix;
import java.util.stream.IntStream;

/// A very small model that has all of a real one that decides what code runs: architecture, types
/// and what heads are like. Steps of it take a fraction of a millisecond, and not long either while
/// nothing is compiled, when a product takes a thousand times as long as later.
public final class TinyModel {
  /// Some chunks of blocks and groups of rows, and prompts that are done in halves.
  private static final int MAX_DIM = 512;

  /// The longest block of any type.
  private static final int FFN_TILES = 8;

  /// Of each rank: what is compiled for loops that never come round is thrown away later.
  private static final int KV_HEADS = 2;

  /// More than candidates of two ranks, so that they need not be all there is.
  private static final int VOCABULARY = 512;

  /// Of experts enough for a batch whose tokens choose different ones.
  private static final int EXPERTS = 8;

  private TinyModel() {}

  /// One that as many nodes can run as there are in `plan`.
  ///
  /// @param layers of the small model
  /// @param contextLength of the small model
  public static ModelSpec of(ShardPlan plan, int layers, int contextLength) {
    ModelSpec spec = plan.spec();
    int each = KV_HEADS * plan.worldSize();
    int group = spec.heads() / spec.kvHeads();
    return IntStream.iterate(each, heads -> heads < spec.kvHeads(), heads -> 2 * heads)
        .filter(kvHeads -> areBlocks(spec, kvHeads * group))
        .mapToObj(kvHeads -> of(plan, kvHeads, layers, contextLength))
        .filter(small -> ShardPlan.objection(small, plan.exchange(), plan.shares()).isEmpty())
        .findFirst()
        .orElseGet(() -> of(plan, spec.kvHeads(), layers, contextLength));
  }

  /// Whether so many query heads of a model are whole blocks of wo, whatever layer they are of.
  public static boolean areBlocks(ModelSpec spec, int heads) {
    int block = block(spec, TensorRole.WO);
    return IntStream.range(0, spec.layers())
        .allMatch(layer -> heads * spec.attention(layer).headDim() % block == 0);
  }

  /// What the columns of a role have to be a multiple of.
  public static int block(ModelSpec spec, TensorRole role) {
    return spec.typesOf(role).stream()
        .mapToInt(type -> Math.max(type.blockSize(), PackedMatrix.TILE))
        .max()
        .orElseThrow();
  }

  private static ModelSpec of(ShardPlan plan, int kvHeads, int layers, int contextLength) {
    ModelSpec spec = plan.spec();
    int nodes = plan.worldSize();
    int ffnDim = PackedMatrix.TILE * Math.max(FFN_TILES, nodes);
    Sliding sliding = spec.sliding().resized(layers).scaled(kvHeads, spec.kvHeads());
    return new ModelSpec(
        spec.architecture(),
        spec.types().shortened(layers),
        Math.min(spec.dim(), MAX_DIM),
        ffnDim,
        Math.min(spec.experts(), Math.max(spec.activeExperts(), EXPERTS)),
        spec.activeExperts(),
        layers,
        kvHeads * (spec.heads() / spec.kvHeads()),
        kvHeads,
        spec.headDim(),
        Math.max(VOCABULARY, nodes),
        contextLength,
        spec.rmsEpsilon(),
        spec.activation(),
        spec.rope(),
        sliding,
        spec.scales(),
        mixture(spec.mixture(), ffnDim),
        spec.layering().resized(layers, sliding),
        spec.deltaNet().resized(layers).narrowed(nodes, block(spec, TensorRole.DELTA_OUTPUT)));
  }

  /// The same with networks of another width, and with one layer without experts if there are any.
  public static Mixture mixture(Mixture of, int width) {
    return of.withShared(of.shared() > 0 ? width : 0)
        .withDense(Math.min(1, of.denseLayers()), of.denseLayers() > 0 ? width : 0);
  }
}
