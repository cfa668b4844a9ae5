package dllama.slice;

import dllama.error.UserException;
import dllama.model.Architecture.Trait;
import dllama.model.ModelSpec;
import dllama.model.Range;
import dllama.model.TensorRole.Axis;
import dllama.tensor.DType;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Which heads, rows and columns each of `worldSize` ranks owns; the one place where divisibility
/// is checked.
///
/// Query heads are cut evenly, and a rank has whole every kv head that its query heads read, so
/// attention needs no exchange. With more ranks than kv heads, up to one per query head, several
/// ranks share a kv head: each computes its keys and values and caches them for itself, so that
/// there is nothing more to exchange. Feed-forward rows are cut evenly, those of every expert
/// alike, so that all ranks have the same work whichever experts are chosen. The vocabulary may be
/// uneven: its rows are only gathered, never summed.
///
/// A *leaf* is what is summed as one piece: the products of wo and of w2 are sums over columns, and
/// floats give another result when they are added in another order. With F32 exchange the columns
/// are cut into as many leaves as the largest usable world has ranks, whatever the world: fewer
/// would not do for that one. A leaf of wo is at least a head wide. The leaves' products are added
/// as a binary tree over neighbours (`TreeSum`). A rank owns consecutive leaves, which are a whole
/// branch of that tree: it adds them, and the rest of the tree adds what the ranks have. So the
/// logits are the same bits on any number of nodes. With Q80 exchange, where partials are rounded
/// per rank anyway, a rank has one leaf and partials are added in rank order.
///
/// @param exchange F32 or Q80, the type in which partials are to be exchanged
public record ShardPlan(ModelSpec spec, DType exchange, int worldSize) {
  /// @throws UserException if this many nodes can not run the model, naming the counts that can
  public ShardPlan {
    if (exchange != DType.F32 && exchange != DType.Q80) {
      throw new UserException("partials can be exchanged as f32 or q80, not " + exchange);
    }
    Optional<String> objection = objection(spec, exchange, worldSize);
    if (objection.isPresent()) {
      throw new UserException(
          "%s; usable node counts: %s".formatted(objection.get(), usable(spec, exchange)));
    }
  }

  /// Node counts that can run the model, ascending; empty if not even one node can.
  public static List<Integer> usableWorldSizes(ModelSpec spec, DType exchange) {
    return IntStream.iterate(1, size -> size <= spec.heads(), size -> size * 2)
        .filter(size -> objection(spec, exchange, size).isEmpty())
        .boxed()
        .toList();
  }

  /// Why `worldSize` nodes can not run the model, in one line; empty if they can.
  public static Optional<String> objection(ModelSpec spec, DType exchange, int worldSize) {
    if (Integer.bitCount(worldSize) != 1 || worldSize < 1) {
      return Optional.of("nodes=%d is not a power of two".formatted(worldSize));
    }
    if (worldSize > spec.heads()) {
      return Optional.of(
          "nodes=%d is more than the model's heads=%d".formatted(worldSize, spec.heads()));
    }
    if (exchange == DType.Q80 && spec.dim() % DType.BLOCK != 0) {
      return Optional.of(
          "dim=%d is not a multiple of %d, as q80 exchange needs (use f32)"
              .formatted(spec.dim(), DType.BLOCK));
    }
    int columns = spec.weightType().quantized() ? DType.BLOCK : 1;
    return uneven("heads", spec.heads(), 1, worldSize)
        .or(() -> unshared(spec.kvHeads(), worldSize))
        .or(() -> uneven("ffnDim", spec.ffnDim(), columns, worldSize))
        .or(() -> uneven("heads * headDim", spec.qDim(), columns, worldSize))
        .or(() -> tooFew("vocabSize", spec.vocabSize(), worldSize));
  }

  private static Optional<String> uneven(String what, int size, int unit, int worldSize) {
    if (size % (unit * (long) worldSize) == 0) {
      return Optional.empty();
    }
    String parts = unit == 1 ? "" : " in parts of whole blocks of " + unit;
    return Optional.of(
        "%s=%d does not divide over %d nodes%s".formatted(what, size, worldSize, parts));
  }

  /// Ranks have whole kv heads, or kv heads have whole ranks; else some would have more.
  private static Optional<String> unshared(int kvHeads, int worldSize) {
    return kvHeads % worldSize == 0 || worldSize % kvHeads == 0
        ? Optional.empty()
        : Optional.of(
            "kvHeads=%d can not be shared evenly by %d nodes".formatted(kvHeads, worldSize));
  }

  private static Optional<String> tooFew(String what, int size, int worldSize) {
    return size >= worldSize
        ? Optional.empty()
        : Optional.of("%s=%d is less than %d nodes".formatted(what, size, worldSize));
  }

  private static String usable(ModelSpec spec, DType exchange) {
    List<Integer> sizes = usableWorldSizes(spec, exchange);
    return sizes.isEmpty()
        ? "none"
        : sizes.stream().map(String::valueOf).collect(Collectors.joining(", "));
  }

  /// The type of partials: [#exchange], or F32 for one rank whose architecture does not round
  /// partials that nobody else adds to.
  public DType partialType() {
    boolean unrounded = spec.architecture().has(Trait.UNROUNDED_LONE_PARTIAL);
    return worldSize == 1 && unrounded ? DType.F32 : exchange;
  }

  /// Whether leaves and partials are added as a tree, or partials in rank order.
  public boolean sumsAsTree() {
    return exchange == DType.F32;
  }

  /// Leaves of every rank; a power of two.
  public int leavesPerRank() {
    return sumsAsTree() ? usableWorldSizes(spec, exchange).getLast() / worldSize : 1;
  }

  /// The columns that `rank` owns: in leaves where products of ranks are summed, otherwise at once.
  public List<Range> columns(Axis axis, int rank) {
    Range all = part(axis, rank);
    if (axis != Axis.QUERY && axis != Axis.FFN) {
      return List.of(all);
    }
    int leaves = leavesPerRank();
    int size = all.size() / leaves;
    return IntStream.range(0, leaves)
        .mapToObj(leaf -> all.from() + leaf * size)
        .map(from -> new Range(from, from + size))
        .toList();
  }

  /// Query heads of `rank`.
  private Range heads(int rank) {
    return cut(spec.heads(), rank);
  }

  /// Key/value heads of `rank`: those that its query heads read.
  public Range kvHeads(int rank) {
    Range heads = heads(rank);
    int readers = spec.heads() / spec.kvHeads();
    return new Range(heads.from() / readers, Math.ceilDiv(heads.to(), readers));
  }

  /// The part of an axis that `rank` owns.
  public Range part(Axis axis, int rank) {
    return switch (axis) {
      case QUERY -> heads(rank).times(spec.headDim());
      case KEY -> kvHeads(rank).times(spec.headDim());
      case FFN -> cut(spec.ffnDim(), rank);
      case VOCABULARY -> vocabulary(rank);
      case ONE, DIM, HEAD, EXPERTS -> new Range(0, axis.size(spec));
    };
  }

  /// Rows of wcls; sizes differ by at most one.
  public Range vocabulary(int rank) {
    return cut(spec.vocabSize(), rank);
  }

  private Range cut(int size, int rank) {
    if (rank < 0 || rank >= worldSize) {
      throw new IllegalArgumentException("rank=%d worldSize=%d".formatted(rank, worldSize));
    }
    return new Range(
        (int) ((long) size * rank / worldSize), (int) ((long) size * (rank + 1) / worldSize));
  }
}
