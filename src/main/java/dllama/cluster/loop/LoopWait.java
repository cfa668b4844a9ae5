package dllama.cluster.loop;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Waits by running the event loop.
final class LoopWait implements ComputeWait {
  // Endless traffic does not keep a thread that has got what it waits for. Far more than a flush.
  private static final int MAX_TASKS_AFTER_ARRIVAL = 256;

  private static final ThreadLocal<@Nullable LoopWait> CURRENT = new ThreadLocal<>();

  private final EventLoop loop;
  private final Thread keeper;
  private final AtomicReference<Thread> attached = new AtomicReference<>();
  private volatile long lastTurn;

  LoopWait(EventLoop loop, Thread keeper) {
    this.loop = loop;
    this.keeper = keeper;
  }

  /// The wait whose loop the current thread may run, if any.
  static @Nullable LoopWait current() {
    return CURRENT.get();
  }

  /// Makes the current thread, the keeper or the attached one, one that runs the loop.
  void enter() {
    CURRENT.set(this);
  }

  EventLoop loop() {
    return loop;
  }

  boolean isAttached() {
    return attached.get() != null;
  }

  /// Whether a thread is attached and has not run the loop for `nanos`.
  boolean isQuietFor(long nanos) {
    return isAttached() && System.nanoTime() - lastTurn > nanos;
  }

  @Override
  public void attach() {
    if (CURRENT.get() != null) {
      throw new IllegalStateException(Thread.currentThread() + " is attached, or runs a task");
    }
    lastTurn = System.nanoTime();
    if (!attached.compareAndSet(null, Thread.currentThread())) {
      throw new IllegalStateException("attached already: " + attached.get());
    }
    enter();
    loop.wake(); // the keeper gives up its turn while this thread computes
  }

  @Override
  public boolean await(BooleanSupplier arrived, long deadlineNanos) {
    requireAttached();
    ReentrantLock turn = loop.turn();
    if (turn.isHeldByCurrentThread()) {
      throw new IllegalStateException("a task of the event loop must not wait");
    }
    if (!take(turn, deadlineNanos)) {
      return arrived.getAsBoolean();
    }
    try {
      return drive(arrived, deadlineNanos);
    } finally {
      lastTurn = System.nanoTime();
      turn.unlock();
    }
  }

  private boolean take(ReentrantLock turn, long deadlineNanos) {
    long spinUntil = System.nanoTime() + loop.spinNanos();
    do {
      if (turn.tryLock()) {
        return true;
      }
      Thread.onSpinWait();
    } while (System.nanoTime() - spinUntil < 0);
    try {
      return turn.tryLock(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// Runs the loop until `arrived` holds and nothing is left to do at once: then what this thread
  /// told to peers has gone through the streams into the sockets.
  private boolean drive(BooleanSupplier arrived, long deadlineNanos) {
    int left = MAX_TASKS_AFTER_ARRIVAL;
    while (!loop.isStopped() && !Thread.currentThread().isInterrupted()) {
      boolean settled = loop.runNext(arrived, deadlineNanos);
      if (arrived.getAsBoolean()) {
        if (settled || --left < 0) {
          return true;
        }
      } else if (deadlineNanos - System.nanoTime() <= 0) {
        return false;
      }
    }
    return arrived.getAsBoolean();
  }

  @Override
  public void detach() {
    requireAttached();
    CURRENT.remove();
    attached.set(null);
    LockSupport.unpark(keeper);
  }

  @Override
  public void allowSpin(boolean allowed) {
    loop.allowSpin(allowed);
  }

  @Override
  public void signal() {
    loop.wake();
  }

  private void requireAttached() {
    if (attached.get() != Thread.currentThread()) {
      throw new IllegalStateException(Thread.currentThread() + " is not attached");
    }
  }
}
