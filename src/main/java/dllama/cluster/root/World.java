package dllama.cluster.root;

import akka.actor.typed.ActorRef;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RankMessage;
import dllama.slice.ShardPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The nodes that compute together, by rank, from one formation to its end.
///
/// @param epoch names the formation; a `Secret` that its nodes alone are told
/// @param plan how the model is cut
record World(long epoch, ShardPlan plan, List<Node> ranks) {
  /// Gives ranks: 0 to the root, the others by [RankChoice] where shares are equal, and else as the
  /// [Team] has them.
  ///
  /// @param nodes the root, and at least as many workers as are needed
  /// @param sliceKey key of a rank's slice
  static World form(long epoch, ShardPlan plan, List<Node> nodes, IntFunction<String> sliceKey) {
    List<String> keys = IntStream.range(0, plan.worldSize()).mapToObj(sliceKey).toList();
    List<Node> workers = nodes.subList(1, nodes.size());
    List<Node> ranks = new ArrayList<>(List.of(nodes.getFirst()));
    if (plan.shares().areEqual()) {
      ranks.addAll(RankChoice.of(workers, keys));
    } else {
      for (int rank = 1; rank < keys.size(); rank++) {
        ranks.add(workers.get(rank - 1).holding(keys.get(rank)));
      }
    }
    return new World(epoch, plan, List.copyOf(ranks));
  }

  int size() {
    return ranks.size();
  }

  List<ActorRef<RankMessage>> shards() {
    return ranks.stream().map(Node::shard).toList();
  }

  boolean has(String address) {
    return rankOf(address) >= 0;
  }

  /// −1 if it has none.
  int rankOf(String address) {
    return ranks.stream().map(Node::address).toList().indexOf(address);
  }

  /// The ranks, but for the root's, whose slices a node has.
  List<Integer> keptBy(Node node) {
    return IntStream.range(1, size())
        .filter(rank -> ranks.get(rank).held().stream().anyMatch(node::has))
        .boxed()
        .toList();
  }

  /// How the user knows a rank: "the worker at 192.168.1.12:41234".
  String name(int rank) {
    return rank == 0 ? "the root" : "the worker at " + ranks.get(rank).address();
  }

  /// Who takes how much of the model, in one line.
  String shares() {
    return IntStream.range(0, size())
        .mapToObj(rank -> "%s %d".formatted(name(rank), plan.shares().parts().get(rank)))
        .collect(Collectors.joining(", ", "shares of the model: ", ""));
  }

  void tell(int rank, RankMessage message) {
    ranks.get(rank).shard().tell(message);
  }

  void tellAll(RankMessage message) {
    for (Node node : ranks) {
      node.shard().tell(message);
    }
  }
}
