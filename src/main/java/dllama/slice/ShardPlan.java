package dllama.slice;

import dllama.error.UserException;
import dllama.model.Architecture.Trait;
import dllama.model.LayerAttention;
import dllama.model.ModelSpec;
import dllama.model.Range;
import dllama.model.TensorRole;
import dllama.model.TensorRole.Axis;
import dllama.tensor.DType;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Which heads, rows and columns each rank of a world owns; the one place where divisibility is
/// checked.
///
/// Where ranks have equal shares and are a power of two, query heads are cut evenly, and a rank has
/// whole every kv head that its query heads read, so attention needs no exchange. With more ranks
/// than kv heads, up to one per query head, several ranks share a kv head: each computes its keys
/// and values and caches them for itself, so that there is nothing more to exchange. Feed-forward
/// rows are cut at whole blocks, those of every expert alike, so that all ranks have the same work,
/// but for a block, whichever experts are chosen. The vocabulary may be uneven: its rows are only
/// gathered, never summed. For other shares see [UnevenCuts].
///
/// A *leaf* is what is summed as one piece: the products of wo and of w2 are sums over columns, and
/// floats give another result when they are added in another order. With F32 exchange the columns
/// are cut into as many leaves as the largest usable world has ranks, whatever the world: fewer
/// would not do for that one. A leaf of wo is at least a head wide. The leaves' products are added
/// as a binary tree over neighbours (`TreeSum`). A rank owns consecutive leaves, which are one
/// whole branch of that tree, or some if shares differ: it adds the leaves of each branch, and the
/// rest of the tree adds what the ranks have. So the logits are the same bits on any number of
/// nodes. With Q8_0 exchange, where partials are rounded per rank anyway, a rank has one leaf and
/// partials are added in rank order.
///
/// @param exchange F32 or Q8_0, the type in which partials are to be exchanged
public record ShardPlan(ModelSpec spec, DType exchange, Shares shares) {
  /// Widths of what feed-forward networks compute in between.
  static final Set<Axis> HIDDEN = EnumSet.of(Axis.FFN, Axis.SHARED_FFN, Axis.DENSE_FFN);

  /// @throws UserException if nodes with these shares can not run the model
  public ShardPlan {
    if (exchange != DType.F32 && exchange != DType.Q8_0) {
      throw new UserException("partials can be exchanged as f32 or q80, not " + exchange);
    }
    objection(spec, exchange, shares)
        .ifPresent(
            objection -> {
              throw new UserException(objection);
            });
  }

  /// For so many nodes with equal shares.
  ///
  /// @throws UserException if this many nodes can not run the model, naming the counts that can
  public ShardPlan(ModelSpec spec, DType exchange, int worldSize) {
    this(spec, exchange, equalShares(spec, exchange, worldSize));
  }

  private static Shares equalShares(ModelSpec spec, DType exchange, int worldSize) {
    Optional<String> objection = objection(spec, exchange, worldSize);
    if (objection.isPresent()) {
      throw new UserException(
          "%s; usable node counts: %s".formatted(objection.get(), usable(spec, exchange)));
    }
    return Shares.equal(worldSize);
  }

  /// Number of ranks.
  public int worldSize() {
    return shares.ranks();
  }

  /// Node counts that can run the model, ascending; empty if not even one node can.
  public static List<Integer> usableWorldSizes(ModelSpec spec, DType exchange) {
    return IntStream.iterate(1, size -> size <= spec.heads(), size -> size * 2)
        .filter(size -> objection(spec, exchange, size).isEmpty())
        .boxed()
        .toList();
  }

  /// Why nodes with these shares can not run the model, in one line; empty if they can. Equal ones
  /// that are a power of two are cut evenly, or not at all; of others there may be any number, up
  /// to the model's kv heads.
  public static Optional<String> objection(ModelSpec spec, DType exchange, Shares shares) {
    return areEven(shares)
        ? objection(spec, exchange, shares.ranks())
        : objection(spec, exchange, 1).or(() -> cuts(spec, exchange, shares).objection());
  }

  private static boolean areEven(Shares shares) {
    return Integer.bitCount(shares.ranks()) == 1 && shares.areEqual();
  }

  private static UnevenCuts cuts(ModelSpec spec, DType exchange, Shares shares) {
    int leaves = exchange == DType.F32 ? usableWorldSizes(spec, exchange).getLast() : 0;
    return new UnevenCuts(spec, shares, leaves);
  }

  /// Why `worldSize` nodes with equal shares can not run the model, in one line; empty if they can.
  public static Optional<String> objection(ModelSpec spec, DType exchange, int worldSize) {
    if (Integer.bitCount(worldSize) != 1 || worldSize < 1) {
      return Optional.of("nodes=%d is not a power of two".formatted(worldSize));
    }
    if (worldSize > spec.heads()) {
      return Optional.of(
          "nodes=%d is more than the model's heads=%d".formatted(worldSize, spec.heads()));
    }
    if (spec.dim() % exchange.blockSize() != 0) {
      return Optional.of(
          "dim=%d is not a multiple of %d, as q80 exchange needs (use f32)"
              .formatted(spec.dim(), exchange.blockSize()));
    }
    int hidden = columnUnit(spec, TensorRole.W2);
    int attention = columnUnit(spec, TensorRole.WO);
    return uneven("heads", spec.heads(), 1, worldSize)
        .or(() -> inLayers(spec, layer -> unshared(layer.kvHeads(), worldSize)))
        .or(() -> tooFew("blocks of ffnDim", narrowest(spec) / hidden, worldSize))
        .or(() -> tooFewOther(spec, Axis.SHARED_FFN, worldSize))
        .or(() -> tooFewOther(spec, Axis.DENSE_FFN, worldSize))
        .or(
            () ->
                inLayers(
                    spec,
                    layer ->
                        uneven(
                            "heads * headDim",
                            spec.heads() * layer.headDim(),
                            attention,
                            worldSize)))
        .or(() -> DeltaCuts.objection(spec, worldSize))
        .or(() -> tooFew("vocabSize", spec.vocabSize(), worldSize));
  }

  /// What stands in the way in any layer.
  private static Optional<String> inLayers(
      ModelSpec spec, Function<LayerAttention, Optional<String>> objection) {
    return IntStream.range(0, spec.layers())
        .mapToObj(spec::attention)
        .flatMap(layer -> objection.apply(layer).stream())
        .findFirst();
  }

  private static int narrowest(ModelSpec spec) {
    return IntStream.range(0, spec.layers()).map(spec::ffnDim).min().orElseThrow();
  }

  /// The same of networks that only some models have.
  private static Optional<String> tooFewOther(ModelSpec spec, Axis axis, int worldSize) {
    int width = axis.size(spec);
    int blocks = width / columnUnit(spec, down(axis));
    return width == 0 ? Optional.empty() : tooFew("blocks of " + axis.text(), blocks, worldSize);
  }

  /// How fine the columns of a role may be cut in every layer.
  static int columnUnit(ModelSpec spec, TensorRole role) {
    return spec.typesOf(role).stream().mapToInt(DType::columnUnit).max().orElseThrow();
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
    return worldSize() == 1 && unrounded ? DType.F32 : exchange;
  }

  /// Whether leaves and partials are added as a tree, or partials in rank order.
  public boolean sumsAsTree() {
    return exchange == DType.F32;
  }

  /// Which of the model's leaves are those of `rank`; with Q8_0 exchange each rank has one.
  public Range leaves(int rank) {
    if (!sumsAsTree()) {
      return new Range(rank, rank + 1);
    }
    return isEven() ? evenly(allLeaves(), rank) : cuts().leaves(rank);
  }

  /// A rank that has as much as any. Where shares are equal, some may have a block of feed-forward
  /// rows more than others: of 22 blocks, 8 ranks have two or three.
  public int largestRank() {
    if (!isEven()) {
      return shares.parts().indexOf(Collections.max(shares.parts()));
    }
    return IntStream.range(0, worldSize())
        .boxed()
        .max(Comparator.comparingInt(rank -> part(Axis.FFN, rank).size()))
        .orElseThrow();
  }

  /// What is exchanged of a rank's leaves: the sums of these, in order. One where shares are equal.
  public List<Range> branches(int rank) {
    return sumsAsTree() ? UnevenCuts.branches(leaves(rank)) : List.of(leaves(rank));
  }

  /// The most that [#mostBranches] is, whatever the shares: of a run of 2^n units, each of which is
  /// a whole branch, 2 (n − 1).
  public static int mostBranches(ModelSpec spec, DType exchange) {
    List<Integer> usable = usableWorldSizes(spec, exchange);
    int units = usable.isEmpty() ? 1 : Math.min(spec.commonKvHeads(), usable.getLast());
    int levels = Integer.SIZE - Integer.numberOfLeadingZeros(units - 1);
    return exchange == DType.F32 ? Math.max(1, 2 * (levels - 1)) : 1;
  }

  /// How many times a rank's partial has the size of the residual stream, at most.
  public int mostBranches() {
    return isEven() || !sumsAsTree()
        ? 1
        : IntStream.range(0, worldSize()).map(rank -> branches(rank).size()).max().orElseThrow();
  }

  /// The columns that `rank` owns in a layer, by leaf. A leaf is one range, but of value heads of
  /// delta networks it may be several.
  List<List<Range>> leafColumns(Axis axis, int rank, int layer) {
    return axis == Axis.DELTA_VALUE
        ? deltaCuts(rank).leaves()
        : columns(axis, rank, layer).stream().map(List::of).toList();
  }

  /// The columns that `rank` owns in the first layer.
  public List<Range> columns(Axis axis, int rank) {
    return columns(axis, rank, 0);
  }

  /// The columns that `rank` owns: in leaves where products of ranks are summed, otherwise at once.
  public List<Range> columns(Axis axis, int rank, int layer) {
    Range all = part(axis, rank, layer);
    boolean hidden = HIDDEN.contains(axis);
    if (axis != Axis.QUERY && !hidden) {
      return List.of(all);
    }
    Range leaves = leaves(rank);
    if (hidden && sumsAsTree()) {
      int count = allLeaves();
      return IntStream.range(leaves.from(), leaves.to())
          .mapToObj(leaf -> ffn(spec, axis, layer, new Range(leaf, leaf + 1), count))
          .toList();
    }
    int size = all.size() / leaves.size();
    return IntStream.range(0, leaves.size())
        .mapToObj(leaf -> all.from() + leaf * size)
        .map(from -> new Range(from, from + size))
        .toList();
  }

  int allLeaves() {
    return usableWorldSizes(spec, exchange).getLast();
  }

  /// The columns of w2, or of another such matrix ([#down]), that some of `count` ranks or leaves
  /// own: these have as many whole blocks each, or one more. A rank's begin and end where its
  /// leaves do.
  static Range ffn(ModelSpec spec, Axis axis, int layer, Range which, int count) {
    int unit = columnUnit(spec, down(axis));
    long units = axis.size(spec, layer) / unit;
    return new Range((int) (units * which.from() / count), (int) (units * which.to() / count))
        .times(unit);
  }

  /// The matrix whose columns a hidden axis is, over which it sums.
  static TensorRole down(Axis axis) {
    return switch (axis) {
      case FFN -> TensorRole.W2;
      case SHARED_FFN -> TensorRole.SHARED_W2;
      case DENSE_FFN -> TensorRole.DENSE_W2;
      default -> throw new IllegalArgumentException(axis.text());
    };
  }

  /// Key/value heads of `rank` in the first layer.
  public Range kvHeads(int rank) {
    return kvHeads(rank, 0);
  }

  /// Key/value heads of `rank` in a layer: those that its query heads read.
  public Range kvHeads(int rank, int layer) {
    Range heads = heads(rank);
    int readers = spec.heads() / spec.attention(layer).kvHeads();
    return new Range(heads.from() / readers, Math.ceilDiv(heads.to(), readers));
  }

  /// Query heads of `rank`.
  public Range heads(int rank) {
    return isEven() ? evenly(spec.heads(), rank) : cuts().heads(rank);
  }

  /// Value heads of delta networks of `rank`, of [dllama.model.DeltaNet#byKeyHead].
  Range deltaHeads(int rank) {
    return isEven()
        ? DeltaCuts.evenly(spec.deltaNet(), new Range(rank, rank + 1), worldSize())
        : cuts().deltaHeads(rank);
  }

  /// What `rank` owns of delta networks.
  public DeltaCuts deltaCuts(int rank) {
    return DeltaCuts.of(this, rank);
  }

  /// The parts of an axis that `rank` owns in a layer, ascending.
  public List<Range> parts(Axis axis, int rank, int layer) {
    return switch (axis) {
      case DELTA_CHANNELS -> deltaCuts(rank).channels();
      case DELTA_FILTER ->
          deltaCuts(rank).channels().stream()
              .map(range -> range.times(spec.deltaNet().kernel()))
              .toList();
      case DELTA_VALUE -> deltaCuts(rank).values();
      case DELTA_HEADS -> deltaCuts(rank).valueHeads();
      default -> List.of(part(axis, rank, layer));
    };
  }

  /// The part of an axis that `rank` owns in the first layer.
  public Range part(Axis axis, int rank) {
    return part(axis, rank, 0);
  }

  /// The part of an axis that `rank` owns in a layer, of those that are cut into one for each rank.
  public Range part(Axis axis, int rank, int layer) {
    return switch (axis) {
      case QUERY -> heads(rank).times(spec.attention(layer).headDim());
      case KEY -> kvHeads(rank, layer).times(spec.attention(layer).headDim());
      case HEADS -> heads(rank);
      case FFN, SHARED_FFN, DENSE_FFN ->
          isEven()
              ? ffn(spec, axis, layer, new Range(rank, rank + 1), worldSize())
              : cuts().ffn(axis, layer, rank);
      case VOCABULARY -> vocabulary(rank);
      case GATED_QUERY -> heads(rank).times(2 * spec.attention(layer).headDim());
      case ONE, DIM, HEAD, EXPERTS, INPUT, ALL_INPUTS, DELTA_HEAD ->
          new Range(0, axis.size(spec, layer));
      case DELTA_CHANNELS, DELTA_FILTER, DELTA_VALUE, DELTA_HEADS ->
          throw new IllegalArgumentException("axis=" + axis);
    };
  }

  /// Rows of wcls; sizes differ by at most one where shares are equal.
  public Range vocabulary(int rank) {
    return isEven()
        ? evenly(spec.vocabSize(), rank)
        : new UnevenCuts(spec, shares, 0).vocabulary(rank);
  }

  private boolean isEven() {
    return areEven(shares);
  }

  private UnevenCuts cuts() {
    return cuts(spec, exchange, shares);
  }

  private Range evenly(int size, int rank) {
    int ranks = worldSize();
    if (rank < 0 || rank >= ranks) {
      throw new IllegalArgumentException("rank=%d worldSize=%d".formatted(rank, ranks));
    }
    return new Range((int) ((long) size * rank / ranks), (int) ((long) size * (rank + 1) / ranks));
  }
}
