package dllama.cluster.loop;

import java.io.IOException;
import java.nio.channels.Selector;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Sleep of one thread at a time that any thread can end, without lost wake-ups.
///
/// The sleeper says that it sleeps and *then* looks for a reason not to; a waker makes the reason
/// and *then* looks whether somebody sleeps. Both sides use volatile accesses, which all threads
/// see in one order, so at least one of them sees the other. A wake-up between the look and the
/// sleep is kept by `Selector.wakeup` and `unpark`. A wake-up that comes too late ends the next
/// sleep early, which does no harm: the sleeper looks for work and sleeps again.
final class Alarm {
  private static final long NANOS_PER_MILLI = 1_000_000;

  private volatile boolean asleep;
  // Written before `asleep`, read after it.
  private @Nullable Thread sleeper;
  private @Nullable Selector bed;

  /// Blocks the current thread until rung, the time has passed, it is interrupted or, with a
  /// selector, a channel is ready.
  ///
  /// @param reason not to sleep; made true by others before they ring
  /// @return number of ready channels
  int sleep(BooleanSupplier reason, @Nullable Selector selector, long nanos) throws IOException {
    sleeper = Thread.currentThread();
    bed = selector;
    asleep = true;
    try {
      if (selector == null) {
        if (!reason.getAsBoolean()) {
          LockSupport.parkNanos(this, nanos);
        }
        return 0;
      }
      if (nanos <= 0 || reason.getAsBoolean()) {
        return selector.selectNow();
      }
      return selector.select(Math.ceilDiv(nanos, NANOS_PER_MILLI));
    } finally {
      asleep = false;
    }
  }

  /// Ends the sleep, if there is one. Any thread.
  void ring() {
    if (asleep) {
      Selector selector = bed;
      if (selector != null) {
        selector.wakeup();
      } else {
        LockSupport.unpark(sleeper);
      }
    }
  }
}
