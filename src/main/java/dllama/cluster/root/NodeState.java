package dllama.cluster.root;

import dllama.cluster.wire.NodeFigures;
import dllama.model.Range;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/// What a root knows of a node.
///
/// @param figures of its machine
/// @param memoryLimit bytes that weights, keys and values may take there
/// @param heads of every layer that it has; empty where it is in no world
/// @param keeps ranks of the world whose slices it has, in memory or in its cache folder
/// @param roundTripMs of signs of life, the shortest of the last ten seconds; empty of the root,
///     and while it is not known
/// @param waitShare part of the time of steps in which others waited for it, see [WaitShares]
public record NodeState(
    NodeFigures figures,
    long memoryLimit,
    Optional<Range> heads,
    List<Integer> keeps,
    OptionalDouble roundTripMs,
    OptionalDouble waitShare) {
  NodeState with(NodeFigures others) {
    return new NodeState(others, memoryLimit, heads, keeps, roundTripMs, waitShare);
  }
}
