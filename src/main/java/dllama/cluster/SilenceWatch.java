package dllama.cluster;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Tells which of some peers has been silent for too long. Counts silence, not slowness: every sign
/// of life counts, and time in which this node itself did not run counts for nobody.
///
/// Not thread-safe: one actor owns it and calls [#tick] at a fixed interval. Times are those of
/// `System.nanoTime`.
final class SilenceWatch {
  private final Map<String, Long> lastHeard = new HashMap<>();
  private final long limitNanos;
  private final long tickNanos;
  private long lastTick;

  SilenceWatch(long limitNanos, long tickNanos, long now) {
    this.limitNanos = limitNanos;
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

  /// A peer that has been silent for longer than the limit.
  Optional<String> tick(long now) {
    long late = now - lastTick - tickNanos;
    lastTick = now;
    if (late > tickNanos) { // this node did not run: signs of life may lie unread
      lastHeard.replaceAll((_, heard) -> heard + late);
    }
    return lastHeard.entrySet().stream()
        .filter(entry -> now - entry.getValue() > limitNanos)
        .map(Map.Entry::getKey)
        .findFirst();
  }
}
