package dllama.slice;

import dllama.model.ModelSpec;
import dllama.model.Range;
import dllama.model.TensorRole;
import dllama.model.TensorRole.Axis;
import dllama.tensor.PackedMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/// Where a model is cut for ranks that do not all take the same of it, or that are no power of two.
///
/// Heads are cut between kv heads, so that nothing is computed twice. With Q8_0 exchange the
/// columns of w2 are cut at whole blocks, so finely that a rank has its share of a layer even where
/// its heads are more or less than that. With F32 exchange they are cut where heads are: at leaves
/// ([ShardPlan]), so that sums have the same bits on any number of nodes.
///
/// @param leaves of the whole model with F32 exchange; 0 with Q8_0 exchange
record UnevenCuts(ModelSpec spec, Shares shares, int leaves) {
  /// Why these ranks can not run a model that one can, in one line; empty if they can.
  Optional<String> objection() {
    int ranks = shares.ranks();
    if (ranks > headUnits()) {
      return Optional.of(
          "shares=%s are for %d nodes, and the model's heads can be given to %d at most"
              .formatted(shares, ranks, headUnits()));
    }
    boolean tooMany =
        ShardPlan.HIDDEN.stream()
            .filter(axis -> axis.size(spec) > 0)
            .anyMatch(axis -> ranks > fewestUnits(axis));
    boolean hasHeads = !spec.deltaNet().exists() || spec.deltaNet().valueHeads() >= headUnits();
    if (tooMany || !hasHeads || ranks > spec.vocabSize()) {
      return Optional.of("shares=%s are for more nodes than there is to share".formatted(shares));
    }
    return Optional.empty();
  }

  /// Kv heads, or as many of them together as a leaf or a block of wo takes, in every layer.
  private int headUnits() {
    int kvHeads = spec.commonKvHeads();
    if (leaves > 0) {
      return Math.min(kvHeads, leaves);
    }
    int together = 1;
    while (together < kvHeads && (kvHeads % together != 0 || !areBlocks(kvHeads / together))) {
      together++;
    }
    return kvHeads / together;
  }

  /// Whether so many parts of all heads are whole blocks of wo in every layer.
  private boolean areBlocks(int parts) {
    return IntStream.range(0, spec.layers())
        .map(layer -> Axis.QUERY.size(spec, layer))
        .distinct()
        .allMatch(width -> width / parts % columnUnit(TensorRole.WO, width) == 0);
  }

  /// Of any layer.
  private int fewestUnits(Axis axis) {
    return IntStream.range(0, spec.layers())
        .map(layer -> ffnUnits(axis, layer))
        .min()
        .orElseThrow();
  }

  private int ffnUnits(Axis axis, int layer) {
    int size = axis.size(spec, layer);
    return leaves > 0 ? headUnits() : size / columnUnit(ShardPlan.down(axis), size);
  }

  /// Whole blocks and tiles. Blocks may be cut, but then into parts of less than a block
  /// (`Packer`).
  private int columnUnit(TensorRole role, int size) {
    int unit =
        spec.typesOf(role).stream()
            .mapToInt(type -> Math.max(type.blockSize(), PackedMatrix.TILE))
            .max()
            .orElseThrow();
    return size % unit == 0 ? unit : ShardPlan.columnUnit(spec, role);
  }

  Range heads(int rank) {
    return headCut(rank).times(spec.heads() / headUnits());
  }

  /// Value heads of delta networks, of [dllama.model.DeltaNet#byKeyHead].
  Range deltaHeads(int rank) {
    return leaves > 0
        ? DeltaCuts.evenly(spec.deltaNet(), leaves(rank), leaves)
        : DeltaCuts.evenly(spec.deltaNet(), headCut(rank), headUnits());
  }

  /// Columns of w2, of each expert, or of another such matrix.
  Range ffn(Axis axis, int layer, int rank) {
    if (leaves > 0) {
      return ShardPlan.ffn(spec, axis, layer, leaves(rank), leaves);
    }
    int units = ffnUnits(axis, layer);
    return ffnCut(rank, layer, units).times(axis.size(spec, layer) / units);
  }

  /// Which of the model's leaves.
  Range leaves(int rank) {
    return headCut(rank).times(leaves / headUnits());
  }

  Range vocabulary(int rank) {
    int size = spec.vocabSize();
    return cut(rank, size, next -> size * shares.before(next));
  }

  private Range headCut(int rank) {
    return cut(rank, headUnits(), next -> headUnits() * shares.before(next));
  }

  /// So that a rank's heads and columns together are its share of what a token multiplies with.
  private Range ffnCut(int rank, int layer, int units) {
    double attention = 2.0 * Axis.QUERY.size(spec, layer) + 2.0 * Axis.KEY.size(spec, layer);
    double hidden = (double) spec.ffnDim(layer) * Math.max(1, spec.activeExperts());
    double ffn = 3.0 * (hidden + spec.mixture().shared());
    return cut(
        rank,
        units,
        next -> {
          double heads = next == 0 ? 0 : (double) headCut(next - 1).to() / headUnits();
          double wanted = shares.before(next) * (attention + ffn);
          return units * (wanted - attention * heads) / ffn;
        });
  }

  /// @param target where the part of a rank should begin; everybody gets at least one unit
  private Range cut(int rank, int units, IntToDoubleFunction target) {
    if (rank < 0 || rank >= shares.ranks()) {
      throw new IllegalArgumentException("rank=%d shares=%s".formatted(rank, shares));
    }
    int from = 0;
    for (int next = 1; next <= shares.ranks(); next++) {
      long wanted = Math.round(target.applyAsDouble(next));
      int most = units - (shares.ranks() - next);
      int to = next == shares.ranks() ? units : Math.clamp(wanted, from + 1, most);
      if (next == rank + 1) {
        return new Range(from, to);
      }
      from = to;
    }
    throw new IllegalStateException();
  }

  /// Those of a model's leaves that a rank has, as whole branches of the tree over all leaves, in
  /// their order.
  static List<Range> branches(Range leaves) {
    List<Range> branches = new ArrayList<>();
    for (int from = leaves.from(); from < leaves.to(); from = branches.getLast().to()) {
      int whole = from == 0 ? Integer.MAX_VALUE : Integer.lowestOneBit(from);
      int size = Math.min(whole, Integer.highestOneBit(leaves.to() - from));
      branches.add(new Range(from, from + size));
    }
    return branches;
  }
}
