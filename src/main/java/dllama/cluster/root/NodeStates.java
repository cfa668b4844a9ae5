package dllama.cluster.root;

import dllama.cluster.wire.Node;
import dllama.cluster.wire.NodeFigures;
import dllama.cluster.wire.RootMessage.Figures;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/// What workers tell of themselves with their signs of life. Owned by [RootCoordinator].
final class NodeStates {
  private final Map<String, Figures> told = new HashMap<>();
  private final WaitShares shares;

  NodeStates(WaitShares shares) {
    this.shares = shares;
  }

  /// A worker tells of itself.
  ///
  /// @param world that loads or is ready
  void told(Figures figures, @Nullable World world, long now) {
    told.put(figures.address(), figures);
    int rank = world == null ? -1 : world.rankOf(figures.address());
    if (rank > 0) {
      shares.told(rank, figures.waits(), now);
    }
  }

  void gone(String address) {
    told.remove(address);
  }

  /// What is known of nodes, by address.
  Map<String, NodeState> of(Collection<Node> nodes, @Nullable World world) {
    Map<String, NodeState> states = new HashMap<>();
    for (Node node : nodes) {
      Figures latest = told.get(node.address());
      int rank = world == null ? -1 : world.rankOf(node.address());
      states.put(
          node.address(),
          new NodeState(
              latest == null ? NodeFigures.NONE : latest.figures(),
              node.memory(),
              world == null || rank < 0 ? Optional.empty() : Optional.of(world.plan().heads(rank)),
              world == null ? List.of() : world.keptBy(node),
              latest == null || latest.roundTripNanos() < 0
                  ? OptionalDouble.empty()
                  : OptionalDouble.of(latest.roundTripNanos() / 1e6),
              rank < 0 ? OptionalDouble.empty() : shares.of(rank)));
    }
    return states;
  }
}
