package dllama.cluster;

import akka.actor.typed.ActorRef;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/// The nodes that compute together, by rank, from one formation to its end.
///
/// @param epoch number of the formation; never used twice by one root
record World(int epoch, List<Node> ranks) {
  /// A node as the root knows it.
  ///
  /// @param address `host:port` of its actor system
  /// @param held keys of slices that it still has in memory
  /// @param cached keys of slices that it has in its cache folder
  record Node(
      String address, ActorRef<LayerShard.Command> shard, List<String> held, List<String> cached) {

    /// The same node with one slice in memory.
    Node holding(String key) {
      return new Node(address, shard, List.of(key), cached);
    }
  }

  /// Gives ranks: 0 to the root, the others by [RankChoice].
  ///
  /// @param workers in the order in which they came
  /// @param sliceKey key of a rank's slice
  static World form(
      int epoch, int size, Node root, Collection<Node> workers, IntFunction<String> sliceKey) {
    List<String> keys = IntStream.range(0, size).mapToObj(sliceKey).toList();
    List<Node> ranks = new ArrayList<>(List.of(root));
    ranks.addAll(RankChoice.of(List.copyOf(workers), keys));
    return new World(epoch, List.copyOf(ranks));
  }

  int size() {
    return ranks.size();
  }

  List<ActorRef<LayerShard.Command>> shards() {
    return ranks.stream().map(Node::shard).toList();
  }

  boolean has(String address) {
    return rankOf(address) >= 0;
  }

  /// −1 if it has none.
  int rankOf(String address) {
    return ranks.stream().map(Node::address).toList().indexOf(address);
  }

  /// How the user knows a rank: "the worker at 192.168.1.12:41234".
  String name(int rank) {
    return rank == 0 ? "the root" : "the worker at " + ranks.get(rank).address();
  }

  void tell(int rank, LayerShard.Command message) {
    ranks.get(rank).shard().tell(message);
  }

  void tellAll(LayerShard.Command message) {
    for (Node node : ranks) {
      node.shard().tell(message);
    }
  }
}
