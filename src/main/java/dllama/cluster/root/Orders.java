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
  private static final Duration EVERY = Duration.ofSeconds(5);

  private final List<Assign> given = new ArrayList<>();
  private final World world;
  private Duration silent = Duration.ZERO;

  Orders(World world) {
    this.world = world;
  }

  /// Assigns the next rank its part.
  void give(Assign assign) {
    world.tell(given.size(), assign);
    given.add(assign);
  }

  /// To be called now and then. This node itself, rank 0, loses nothing.
  ///
  /// @param unready ranks that have not said that they are ready
  /// @param passed since the last call
  void repeat(Set<Integer> unready, Duration passed) {
    silent = silent.plus(passed);
    if (silent.compareTo(EVERY) >= 0) {
      silent = Duration.ZERO;
      unready.stream().filter(rank -> rank > 0).forEach(rank -> world.tell(rank, given.get(rank)));
    }
  }
}
