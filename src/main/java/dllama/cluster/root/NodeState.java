package dllama.cluster.root;

import dllama.cluster.wire.NodeFigures;
import java.util.OptionalDouble;

/// What a root knows of a node.
///
/// @param figures of its machine
/// @param memoryLimit bytes that weights, keys and values may take there
/// @param roundTripMs of signs of life, the shortest of the last ten seconds; empty of the root,
///     and while it is not known
/// @param waitShare part of the time of steps in which others waited for it, see [WaitShares]
public record NodeState(
    NodeFigures figures, long memoryLimit, OptionalDouble roundTripMs, OptionalDouble waitShare) {}
