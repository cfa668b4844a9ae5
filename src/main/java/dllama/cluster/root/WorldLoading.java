package dllama.cluster.root;

import akka.actor.typed.ActorRef;
import dllama.cluster.wire.Assignment;
import dllama.cluster.wire.Node;
import dllama.cluster.wire.RankMessage;
import dllama.cluster.wire.RootMessage;
import dllama.cluster.wire.SliceOrigin;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// How the ranks of a world get what they compute with: which part each was assigned, who is sent a
/// slice, and who is not ready yet. Owned by [WorldFormation].
final class WorldLoading {
  private final World world;
  private final boolean anew;
  private final Orders orders;
  private final WeightStreams streams;
  private final long since;
  private final Set<Integer> unready;

  /// Ranks whose slices came from cache folders.
  private int cached;

  /// Assigns each rank its part.
  ///
  /// @param anew whether the world takes the place of one that was ready
  /// @param streams of this world alone
  WorldLoading(
      World world,
      Assignment assignment,
      boolean anew,
      ActorRef<RootMessage> root,
      WeightStreams streams,
      long now) {
    this.world = world;
    this.anew = anew;
    this.streams = streams;
    since = now;
    unready =
        IntStream.range(0, world.size()).boxed().collect(Collectors.toCollection(TreeSet::new));
    orders = new Orders(world);
    for (int rank = 0; rank < world.size(); rank++) {
      long key = world.ranks().get(rank).key();
      orders.give(new RankMessage.Assign(key, assignment.forRank(rank), world.shards(), root));
    }
  }

  World world() {
    return world;
  }

  boolean anew() {
    return anew;
  }

  /// To be called now and then, because messages may be lost.
  void remind(Duration passed) {
    orders.repeat(unready, passed);
  }

  /// A rank has memory for its slice and holds none.
  void sendSlice(int rank) {
    if (unready.contains(rank)) {
      streams.start(world, rank);
    }
  }

  /// The rank that `actor` sends weights to, if it does.
  Optional<Integer> rankOf(ActorRef<?> actor) {
    return streams.rankOf(actor);
  }

  /// A rank can compute.
  ///
  /// @return its node, which holds its slice now; empty if that was known
  Optional<Node> loaded(int rank, SliceOrigin origin) {
    if (!unready.remove(rank)) {
      return Optional.empty();
    }
    streams.end(rank); // whether or not the last acknowledgement has come
    cached += origin == SliceOrigin.CACHE ? 1 : 0;
    return Optional.of(world.ranks().get(rank));
  }

  /// Whether all ranks can compute.
  boolean isComplete() {
    return unready.isEmpty();
  }

  /// Ranks whose slices came from cache folders.
  int cached() {
    return cached;
  }

  long millis(long now) {
    return (now - since) / 1_000_000;
  }
}
