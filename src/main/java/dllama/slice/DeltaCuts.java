package dllama.slice;

import dllama.model.DeltaNet;
import dllama.model.ModelSpec;
import dllama.model.Range;
import dllama.model.TensorRole;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// What a rank owns of gated delta networks: some value heads, and the key heads that they read.
///
/// Value heads are given to ranks as [DeltaNet#byKeyHead] has them, so that each key head is
/// computed by as few ranks as can be, by one unless there are more ranks than key heads. In a
/// model these value heads need not be side by side; so a rank's rows, and the columns of a leaf
/// ([ShardPlan]), are a few ranges of the model's.
///
/// @param valueHeads ascending
/// @param keyHeads that these read, ascending
/// @param leafHeads by leaf, the value heads in it, ascending
public record DeltaCuts(
    DeltaNet net, List<Range> valueHeads, List<Range> keyHeads, List<List<Range>> leafHeads) {
  /// That of a rank.
  static DeltaCuts of(ShardPlan plan, int rank) {
    DeltaNet net = plan.spec().deltaNet();
    if (!net.exists()) {
      return new DeltaCuts(net, List.of(), List.of(), List.of());
    }
    Range own = plan.deltaHeads(rank);
    List<Range> valueHeads = net.valueHeads(own);
    List<Integer> keyHeads = heads(valueHeads).stream().map(net::keyHead).distinct().toList();
    Range leaves = plan.leaves(rank);
    List<List<Range>> leafHeads =
        IntStream.range(leaves.from(), leaves.to())
            .mapToObj(
                leaf ->
                    plan.sumsAsTree()
                        ? evenly(net, new Range(leaf, leaf + 1), plan.allLeaves())
                        : own)
            .map(net::valueHeads)
            .toList();
    return new DeltaCuts(net, valueHeads, DeltaNet.ranges(keyHeads), leafHeads);
  }

  /// The value heads, of [DeltaNet#byKeyHead], of some of `count` ranks or leaves.
  static Range evenly(DeltaNet net, Range which, int count) {
    long heads = net.valueHeads();
    return new Range((int) (heads * which.from() / count), (int) (heads * which.to() / count));
  }

  /// Why so many ranks can not share such networks; empty if they can.
  static Optional<String> objection(ModelSpec spec, int worldSize) {
    DeltaNet net = spec.deltaNet();
    if (!net.exists()) {
      return Optional.empty();
    }
    if (net.valueHeads() % worldSize != 0) {
      return Optional.of(
          "valueHeads=%d of delta networks do not divide over %d nodes"
              .formatted(net.valueHeads(), worldSize));
    }
    int unit = ShardPlan.columnUnit(spec, TensorRole.DELTA_OUTPUT);
    return net.headDim() % unit == 0
        ? Optional.empty()
        : Optional.of(
            "headDim=%d of delta networks is no multiple of %d".formatted(net.headDim(), unit));
  }

  /// Rows of queries, keys and values, ascending.
  List<Range> channels() {
    List<Range> rows = new ArrayList<>();
    keyHeads.forEach(heads -> rows.add(heads.times(net.headDim())));
    keyHeads.forEach(heads -> rows.add(heads.moved(net.keyHeads()).times(net.headDim())));
    valueHeads.forEach(heads -> rows.add(heads.moved(2 * net.keyHeads()).times(net.headDim())));
    return List.copyOf(rows);
  }

  /// Rows of value heads, ascending.
  List<Range> values() {
    return widened(valueHeads);
  }

  /// By leaf, the columns of the output.
  public List<List<Range>> leaves() {
    return leafHeads.stream().map(this::widened).toList();
  }

  private List<Range> widened(List<Range> heads) {
    return heads.stream().map(range -> range.times(net.headDim())).toList();
  }

  /// The value heads in the order of rows.
  public List<Integer> rowOrder() {
    return heads(valueHeads);
  }

  /// The value heads in the order of columns, leaf by leaf.
  public List<Integer> columnOrder() {
    return leafHeads.stream().flatMap(leaf -> heads(leaf).stream()).toList();
  }

  /// Of each value head, in the order of rows, the place of its key head among this rank's.
  public List<Integer> keyHeadsOfRows() {
    List<Integer> keys = heads(keyHeads);
    return rowOrder().stream().map(head -> keys.indexOf(net.keyHead(head))).toList();
  }

  /// Key heads of this rank.
  public int keyHeadCount() {
    return heads(keyHeads).size();
  }

  private static List<Integer> heads(List<Range> ranges) {
    return ranges.stream()
        .flatMap(range -> IntStream.range(range.from(), range.to()).boxed())
        .toList();
  }
}
