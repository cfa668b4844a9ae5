package dllama.cluster.root;

import dllama.cluster.wire.Node;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/// Which node is to get which slice next, that it may need one day: of nobody it is known which
/// rank it will have to take. So first those slices that the fewest have, and to whoever has the
/// fewest.
///
/// @param nodes that may be sent slices
/// @param keys of the slices of all ranks; number 0 is the root's, which has the model
/// @param enough nodes that have a slice, or [Integer#MAX_VALUE]
record AheadChoice(List<Node> nodes, List<String> keys, int enough) {
  /// A node, by the [Secret][dllama.cluster.wire.Secret] that it shares with the root, and the key
  /// of a slice that it has, or can not have.
  record Settled(long node, String slice) {}

  /// Rank `rank`'s slice, for a node.
  record Next(Node node, int rank) {}

  /// What is not settled yet, if there is anything.
  ///
  /// @param settled what nodes were asked for before
  Optional<Next> next(Set<Settled> settled) {
    return IntStream.range(1, keys.size())
        .boxed()
        .flatMap(rank -> nodes.stream().map(node -> new Next(node, rank)))
        .filter(next -> !settled.contains(of(next)))
        .filter(next -> has(next) || holders(next.rank) < enough)
        .min(
            Comparator.comparing((Next next) -> !has(next)) // those are quickly settled
                .thenComparingInt(next -> holders(next.rank))
                .thenComparingInt(next -> slices(next.node)));
  }

  /// What is settled when this is.
  Settled of(Next next) {
    return new Settled(next.node.key(), keys.get(next.rank));
  }

  private boolean has(Next next) {
    return next.node.has(keys.get(next.rank));
  }

  private int holders(int rank) {
    return (int) nodes.stream().filter(node -> node.has(keys.get(rank))).count();
  }

  private int slices(Node node) {
    return (int) keys.stream().skip(1).filter(node::has).count();
  }
}
