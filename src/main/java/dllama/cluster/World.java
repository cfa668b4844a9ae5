package dllama.cluster;

import akka.actor.typed.ActorRef;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;

/// The nodes that compute together, by rank, from one formation to its end.
///
/// @param epoch number of the formation; never used twice by one root
record World(int epoch, List<Node> ranks) {
  /// A node as the root knows it.
  ///
  /// @param address `host:port` of its actor system
  /// @param held keys of slices that it still has in memory
  record Node(String address, ActorRef<LayerShard.Command> shard, List<String> held) {}

  /// Gives ranks: 0 to the root, every other one to a worker that still holds that rank's slice,
  /// else to the worker that has been here longest.
  ///
  /// @param workers in the order in which they came
  /// @param sliceKey key of a rank's slice
  static World form(
      int epoch, int size, Node root, Collection<Node> workers, IntFunction<String> sliceKey) {
    List<Node> free = new ArrayList<>(workers);
    Map<Integer, Node> byRank = new HashMap<>(Map.of(0, root));
    for (int rank = 1; rank < size; rank++) {
      String key = sliceKey.apply(rank);
      Optional<Node> holder = free.stream().filter(node -> node.held().contains(key)).findFirst();
      if (holder.isPresent()) {
        byRank.put(rank, holder.get());
        free.remove(holder.get());
      }
    }
    List<Node> ranks = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      Node holder = byRank.get(rank);
      ranks.add(holder != null ? holder : free.removeFirst());
    }
    return new World(epoch, List.copyOf(ranks));
  }

  int size() {
    return ranks.size();
  }

  List<ActorRef<LayerShard.Command>> shards() {
    return ranks.stream().map(Node::shard).toList();
  }

  boolean has(String address) {
    return ranks.stream().anyMatch(node -> node.address().equals(address));
  }

  /// How the user knows a rank: "the worker at 192.168.1.12:41234".
  String name(int rank) {
    return rank == 0 ? "the root" : "the worker at " + ranks.get(rank).address();
  }

  void tellAll(LayerShard.Command message) {
    for (Node node : ranks) {
      node.shard().tell(message);
    }
  }
}
