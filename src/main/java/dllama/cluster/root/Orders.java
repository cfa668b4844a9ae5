package dllama.cluster.root;

import dllama.cluster.wire.RankMessage.Assign;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// What the ranks of a world were assigned. A message may be lost with its connection, while both
/// nodes live: who is not ready is told again now and then, and says again what it has said last.
/// Owned by [WorldLoading].
final class Orders {
  private static final long EVERY = Duration.ofSeconds(5).toNanos();

  private final List<Assign> given = new ArrayList<>();
  private final World world;
  private long toldAt;

  Orders(World world, long now) {
    this.world = world;
    toldAt = now;
  }

  /// Assigns the next rank its part.
  void give(Assign assign) {
    world.tell(given.size(), assign);
    given.add(assign);
  }

  /// To be called now and then. This node itself, rank 0, loses nothing.
  ///
  /// @param unready ranks that have not said that they are ready
  void repeat(Set<Integer> unready, long now) {
    if (now - toldAt > EVERY) {
      toldAt = now;
      unready.stream().filter(rank -> rank > 0).forEach(rank -> world.tell(rank, given.get(rank)));
    }
  }
}
