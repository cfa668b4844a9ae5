package dllama.cluster.wire;

import akka.actor.typed.ActorRef;
import java.util.List;
import java.util.stream.Stream;

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

  /// The same node with one slice more in its cache folder, or without it.
  public Node keeping(String sliceKey, boolean kept) {
    Stream<String> others = cached.stream().filter(key -> !key.equals(sliceKey));
    List<String> now = Stream.concat(others, kept ? Stream.of(sliceKey) : Stream.of()).toList();
    return new Node(address, shard, held, now, memory, speed, key);
  }

  /// Whether nobody need send it that slice.
  public boolean has(String sliceKey) {
    return held.contains(sliceKey) || cached.contains(sliceKey);
  }

  /// The same node with one slice in memory.
  public Node holding(String sliceKey) {
    return new Node(address, shard, List.of(sliceKey), cached, memory, speed, key);
  }
}
