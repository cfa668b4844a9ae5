package dllama.cluster.loop;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// The portable wait: spins for a moment, then parks until an actor, on a thread of its own,
/// calls [#signal].
///
/// No wake-up is lost: a permit given by `unpark` before the thread parks makes it return at once,
/// and the signalling thread has made `arrived` true before.
final class ParkingWait implements ComputeWait {
  private final long spinNanos;
  private volatile boolean spins = true;
  private final AtomicReference<Thread> attached = new AtomicReference<>();

  /// @param spin how long `await` spins before it parks; zero: not at all
  ParkingWait(Duration spin) {
    spinNanos = spin.toNanos();
  }

  @Override
  public void attach() {
    if (!attached.compareAndSet(null, Thread.currentThread())) {
      throw new IllegalStateException("attached already: " + attached.get());
    }
  }

  @Override
  public boolean await(BooleanSupplier arrived, long deadlineNanos) {
    requireAttached();
    if (arrived.getAsBoolean()) {
      return true;
    }
    long start = System.nanoTime();
    while (true) {
      long now = System.nanoTime();
      if (deadlineNanos - now <= 0 || Thread.currentThread().isInterrupted()) {
        return arrived.getAsBoolean();
      }
      if (spins && now - start < spinNanos) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(this, deadlineNanos - now);
      }
      if (arrived.getAsBoolean()) {
        return true;
      }
    }
  }

  @Override
  public void detach() {
    requireAttached();
    attached.set(null);
  }

  @Override
  public void allowSpin(boolean allowed) {
    spins = allowed;
  }

  @Override
  public void signal() {
    LockSupport.unpark(attached.get());
  }

  private void requireAttached() {
    if (attached.get() != Thread.currentThread()) {
      throw new IllegalStateException(Thread.currentThread() + " is not attached");
    }
  }
}
