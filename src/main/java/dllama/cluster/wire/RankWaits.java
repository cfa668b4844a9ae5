package dllama.cluster.wire;

import java.util.List;

/// How long a rank has waited for each other one, since its world was formed.
///
/// @param epoch of the world; [Secret#NONE] of a node that is in none
/// @param stepNanos time that it has spent in steps
/// @param nanos by rank, of these the time in which that one's frames were missing; several may
///     be at the same time
public record RankWaits(long epoch, long stepNanos, List<Long> nanos) {
  /// Of a node that is in no world.
  public static final RankWaits NONE = new RankWaits(Secret.NONE, 0, List.of());

  public RankWaits {
    Checks.range("stepNanos", stepNanos, 0, Long.MAX_VALUE);
    nanos = Checks.list("nanos", nanos, WorldSpec.MOST_NODES);
    nanos.forEach(each -> Checks.range("nanos", each, 0, Long.MAX_VALUE));
  }
}
