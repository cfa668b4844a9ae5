package dllama.cluster.root;

import java.time.Duration;
import java.util.function.LongSupplier;

/// The pace of what may be of use one day: nothing while somebody is answered, and else so many
/// bytes a second. Told by [RootCoordinator], asked by the thread that sends.
final class IdlePace implements WeightStream.Pace {
  /// How soon one who may not send looks again.
  private static final long AGAIN = Duration.ofMillis(100).toNanos();

  /// Sent at once, though timers are coarse.
  private static final long AHEAD = Duration.ofMillis(50).toNanos();

  private final double nanosPerByte;
  private final LongSupplier clock;
  private volatile boolean idle;

  /// Until when what was sent takes, at this rate.
  private long until;

  /// @param rate bytes per second
  /// @param clock as `System.nanoTime`
  IdlePace(long rate, LongSupplier clock) {
    nanosPerByte = 1e9 / rate;
    this.clock = clock;
    until = clock.getAsLong();
  }

  /// Whether nobody is answered. Any thread.
  void idle(boolean now) {
    idle = now;
  }

  @Override
  public synchronized long waitNanos(int bytes) {
    if (!idle) {
      return AGAIN;
    }
    long now = clock.getAsLong();
    long early = until - now - AHEAD;
    if (early > 0) {
      return early;
    }
    until = Math.max(until, now) + (long) (bytes * nanosPerByte);
    return 0;
  }
}
