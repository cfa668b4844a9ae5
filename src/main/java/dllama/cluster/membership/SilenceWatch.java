package dllama.cluster.membership;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;

/// Tells which of some peers has been silent for too long. Counts silence, not slowness: every sign
/// of life counts, and time in which this node itself did not run counts for nobody.
///
/// Not thread-safe: one actor owns it and calls [#tick] at a fixed interval. Times are those of
/// `System.nanoTime`.
final class SilenceWatch {
  private final Map<String, Long> lastHeard = new HashMap<>();
  private final long tickNanos;
  private long lastTick;

  SilenceWatch(long tickNanos, long now) {
    this.tickNanos = tickNanos;
    lastTick = now;
  }

  /// A sign of life; the first one of a peer starts to watch it.
  void heard(String peer, long now) {
    lastHeard.put(peer, now);
  }

  void forget(String peer) {
    lastHeard.remove(peer);
  }

  /// A peer that has been silent for longer than its limit, in nanoseconds.
  Optional<String> tick(long now, ToLongFunction<String> limit) {
    long late = now - lastTick - tickNanos;
    lastTick = now;
    if (late > tickNanos) { // this node did not run: signs of life may lie unread
      lastHeard.replaceAll((_, heard) -> heard + late);
    }
    return lastHeard.entrySet().stream()
        .filter(entry -> now - entry.getValue() > limit.applyAsLong(entry.getKey()))
        .map(Map.Entry::getKey)
        .findFirst();
  }
}
