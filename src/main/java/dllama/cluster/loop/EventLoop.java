package dllama.cluster.loop;

import java.io.IOException;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The tasks of one actor system's exchange (remoting streams, sockets, the exchange actor) and the
/// right to run them.
///
/// **Who runs tasks.** Whoever holds `turn`, one thread at a time, in the order in which they came.
/// Two threads take turns, the keeper of the [LoopExecutor] and the compute thread of [LoopWait]:
///
/// | compute thread | keeper |
/// |---|---|
/// | not attached | holds the turn: runs tasks, spins briefly, sleeps |
/// | attached, computing | naps; every 2 ms takes the turn if it is free and serves what is due |
/// | attached, in `await`: holds the turn: runs tasks, spins briefly, sleeps | naps |
///
/// **How the owner sleeps.** Akka's selector is itself a task that always comes back to the queue.
/// As [LoopSelector] it calls [#select] here instead of blocking, so the owner sleeps in the
/// selector, and only when it has no reason to be awake, see [#isWanted]. Network data, the
/// deadline or [#wake] end the sleep. Whoever makes a reason calls `wake` afterwards; why no
/// wake-up is lost is told in [Alarm]. Without an open selector the owner parks.
///
/// A task that blocks stops the exchange of this node, heartbeats included: that is a bug.
final class EventLoop {
  // Under load the network is looked at after so many looks that found other tasks.
  private static final int MAX_SKIPPED_POLLS = 16;

  private final ReentrantLock turn = new ReentrantLock();
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final Alarm alarm = new Alarm();
  private final long spinNanos;
  private final Thread.UncaughtExceptionHandler handler;
  private final BooleanSupplier wanted = this::isWanted;
  private volatile boolean stopped;
  private volatile boolean spins = true;

  // Only the owner of the turn uses the following.
  private BooleanSupplier done = () -> false;
  private long deadline;
  private boolean settled;
  private int skippedPolls;
  private @Nullable LoopSelector selector;

  /// @param handler gets what tasks throw, as if the thread that ran the task had died of it
  /// @param spin how long an owner that has nothing to run looks for work before it sleeps
  EventLoop(Thread.UncaughtExceptionHandler handler, Duration spin) {
    this.handler = handler;
    spinNanos = spin.toNanos();
  }

  ReentrantLock turn() {
    return turn;
  }

  long spinNanos() {
    return spins ? spinNanos : 0;
  }

  /// See [ComputeWait#allowSpin].
  void allowSpin(boolean allowed) {
    spins = allowed;
  }

  /// Adds a task and wakes the owner if that is another thread. Any thread.
  void add(Runnable task) {
    tasks.add(task);
    wake();
  }

  boolean remove(Runnable task) {
    return tasks.remove(task);
  }

  @Nullable Runnable poll() {
    return tasks.poll();
  }

  /// The owner, if it sleeps, looks at its reasons again. Any thread.
  void wake() {
    if (!turn.isHeldByCurrentThread()) {
      alarm.ring();
    }
  }

  /// From now on nobody sleeps here. Any thread.
  void stop() {
    stopped = true;
    wake();
  }

  boolean isStopped() {
    return stopped;
  }

  /// Runs the next task; with none, sleeps until there is a reason not to. Owner only.
  ///
  /// @param done a reason not to sleep; who makes it true calls [#wake]
  /// @param deadline end of sleep, on the clock of [System#nanoTime]
  /// @return whether nothing is left that could be done at once, neither a task nor network data
  boolean runNext(BooleanSupplier done, long deadline) {
    this.done = done;
    this.deadline = deadline;
    settled = false;
    Runnable task = tasks.poll();
    if (task != null) {
      run(task);
    } else {
      park();
    }
    return settled;
  }

  /// Runs a task; whatever it throws goes to the handler, which decides what is fatal.
  void run(Runnable task) {
    try {
      task.run();
    } catch (Throwable e) {
      handler.uncaughtException(Thread.currentThread(), e);
    }
  }

  private void park() {
    try {
      select(null, 0);
    } catch (IOException e) {
      throw new AssertionError("parking does no I/O", e);
    }
  }

  /// What the selector of this loop does instead of blocking: gives way to other tasks; with none,
  /// looks at the network, spins, sleeps. Owner only.
  ///
  /// @param nio null to park
  /// @param timeoutMillis zero: none but the deadline
  /// @return number of ready channels
  int select(@Nullable Selector nio, long timeoutMillis) throws IOException {
    if (!tasks.isEmpty() && skippedPolls++ < MAX_SKIPPED_POLLS) {
      return 0;
    }
    skippedPolls = 0;
    long spinUntil = System.nanoTime() + spinNanos();
    do {
      int ready = nio == null ? 0 : nio.selectNow();
      if (ready > 0) {
        return ready;
      }
      if (isWanted()) {
        settled = tasks.isEmpty() && !isSelectorWoken();
        return 0;
      }
      Thread.onSpinWait();
    } while (System.nanoTime() - spinUntil < 0);
    long nanos = deadline - System.nanoTime();
    if (timeoutMillis > 0) {
      nanos = Math.min(nanos, TimeUnit.MILLISECONDS.toNanos(timeoutMillis));
    }
    return alarm.sleep(wanted, nio, nanos);
  }

  private boolean isWanted() {
    return stopped || !tasks.isEmpty() || isSelectorWoken() || done.getAsBoolean();
  }

  private boolean isSelectorWoken() {
    return selector != null && selector.isWoken();
  }

  /// Makes `candidate` the selector in which the owner sleeps. Owner only.
  ///
  /// @throws IllegalStateException if there is another one
  void host(LoopSelector candidate) {
    if (selector != null && selector.isOpen()) {
      throw new IllegalStateException("an event loop has one selector: nr-of-selectors must be 1");
    }
    selector = candidate;
  }
}
