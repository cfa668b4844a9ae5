package dllama.cluster.wire;

import akka.actor.typed.ActorRef;
import java.util.List;

/// A node as the root knows it.
///
/// @param address `host:port` of its actor system
/// @param held keys of slices that it still has in memory
/// @param cached keys of slices that it has in its cache folder
/// @param memory bytes that its weights, keys and values may take
/// @param speed bytes of weights that it reads per second for a token; 0: it was not measured
/// @param key the [Secret] that it shares with the root
public record Node(
    String address,
    ActorRef<RankMessage> shard,
    List<String> held,
    List<String> cached,
    long memory,
    long speed,
    long key) {

  /// A node that was not measured.
  public Node(
      String address,
      ActorRef<RankMessage> shard,
      List<String> held,
      List<String> cached,
      long memory,
      long key) {
    this(address, shard, held, cached, memory, 0, key);
  }

  /// The same node, measured.
  public Node withSpeed(long measured) {
    return new Node(address, shard, held, cached, memory, measured, key);
  }

  /// The same node with one slice in memory.
  public Node holding(String sliceKey) {
    return new Node(address, shard, List.of(sliceKey), cached, memory, speed, key);
  }
}
