package dllama.tensor;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A fixed set of compute threads. The calling thread is number 0; the others wait between tasks:
/// they spin for a while, because the next step of a forward pass usually follows in microseconds,
/// and then park, because a node that waits for the network must leave the cores to others.
///
/// A task is divided into as many shares as there are threads, or, where that would have all wait
/// for the slowest core, by those who do it ([#take]): cores of several kinds, and cores that have
/// other things to do, are what computers at home have.
///
/// One caller at a time; it may be a different thread each time. Tasks must not wait for anything.
public final class WorkerPool implements AutoCloseable {
  /// A piece of work that every thread runs once, on its own share.
  @FunctionalInterface
  public interface Task {
    void run(int thread, int threads);
  }

  /// Enough for the few microseconds between two steps of one forward pass.
  private static final int DEFAULT_SPINS = 2000;

  /// Of what a thread takes at a time: as many for each as keep the last one short.
  private static final int PORTIONS = 4;

  private static final long CLOSE_MILLIS = 5_000;
  private static final Task NOTHING = (thread, threads) -> {};

  private final int threads;
  private final int spins;
  private final Worker[] workers;
  private final AtomicBoolean running = new AtomicBoolean();
  private final AtomicInteger pending = new AtomicInteger();
  private final AtomicInteger taken = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile @Nullable Thread waitingCaller;
  private final AtomicInteger round = new AtomicInteger();
  private volatile boolean closed;
  private volatile boolean spinning = true;

  /// Published to the workers by the change of `round`.
  private Task task = NOTHING;

  /// Spins between tasks only if every thread can have a core of its own.
  public WorkerPool(int threads) {
    this(threads, threads <= Runtime.getRuntime().availableProcessors() ? DEFAULT_SPINS : 0);
  }

  /// @param spins how often a thread looks for work (or for the end of it) before it parks, some
  ///     10 to 40 ns each; 0 to park at once
  public WorkerPool(int threads, int spins) {
    if (threads < 1 || spins < 0) {
      throw new IllegalArgumentException("threads=%d spins=%d".formatted(threads, spins));
    }
    this.threads = threads;
    this.spins = spins;
    workers = new Worker[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i + 1);
      workers[i].start();
    }
  }

  public int threads() {
    return threads;
  }

  /// Whether threads may look for work before they park, as they may at first: not where others
  /// compute on the same cores. Any thread.
  public void allowSpin(boolean allowed) {
    spinning = allowed;
  }

  /// First item of the share of `thread` of `items` items; its end is the first of the next one.
  public static int from(int items, int thread, int threads) {
    return (int) ((long) items * thread / threads);
  }

  /// Takes the next items of the running task that no thread has yet: in the order of items, each
  /// once. For tasks; those that take divide nothing else.
  ///
  /// @return the first of `count` items; not one of the task's, if none are left
  public int take(int count) {
    return taken.getAndAdd(count);
  }

  /// How many of a task's items a thread had better take at a time: a multiple of `unit`, at least
  /// one; as many as there are, or more, if the thread is alone.
  public int portion(int items, int unit) {
    int portions = threads == 1 ? 1 : threads * PORTIONS;
    return Math.max(1, Math.ceilDiv(items, portions * unit)) * unit;
  }

  /// Runs `task` on every thread and returns when all are done. Allocates nothing.
  ///
  /// What a thread throws is thrown here, after all have ended; of several the first, with the
  /// caller's own before the others'.
  ///
  /// @throws IllegalStateException if the pool is closed or another task is running
  public void run(Task task) {
    if (closed || !running.compareAndSet(false, true)) {
      throw new IllegalStateException(closed ? "pool is closed" : "a task is running");
    }
    try {
      start(task);
      try {
        task.run(0, threads);
      } finally {
        awaitWorkers();
        this.task = NOTHING;
      }
      rethrowFailure();
    } finally {
      failure.set(null);
      running.set(false);
    }
  }

  private void start(Task task) {
    this.task = task;
    pending.set(workers.length);
    taken.set(0);
    round.incrementAndGet();
    for (Worker worker : workers) {
      if (worker.parked) {
        LockSupport.unpark(worker);
      }
    }
  }

  private void awaitWorkers() {
    for (int i = 0; pending.get() > 0 && spinning && i < spins; i++) {
      Thread.onSpinWait();
    }
    if (pending.get() > 0) {
      waitingCaller = Thread.currentThread();
      while (pending.get() > 0) {
        LockSupport.park(this);
      }
      waitingCaller = null;
    }
  }

  private void rethrowFailure() {
    switch (failure.get()) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw new IllegalStateException(e);
    }
  }

  /// Ends the threads. No task may be running.
  @Override
  public void close() {
    closed = true;
    boolean interrupted = false;
    for (Worker worker : workers) {
      LockSupport.unpark(worker);
    }
    for (Worker worker : workers) {
      try {
        worker.join(CLOSE_MILLIS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Worker extends Thread {
    private final int number;
    private volatile boolean parked;

    Worker(int number) {
      super("dllama-compute-" + number);
      this.number = number;
      setDaemon(true);
    }

    @Override
    public void run() {
      int seen = 0;
      while (awaitRound(seen)) {
        seen++;
        try {
          task.run(number, threads);
        } catch (Throwable e) {
          failure.compareAndSet(null, e);
        }
        if (pending.decrementAndGet() == 0) {
          LockSupport.unpark(waitingCaller);
        }
      }
    }

    /// Whether there is a round after `seen`; false when the pool is closed.
    private boolean awaitRound(int seen) {
      for (int i = 0; round.get() == seen && spinning && i < spins; i++) {
        Thread.onSpinWait();
      }
      if (round.get() == seen) {
        parked = true;
        while (round.get() == seen && !closed) {
          LockSupport.park(WorkerPool.this);
          Thread.interrupted(); // else park would return at once for ever
        }
        parked = false;
      }
      return round.get() != seen;
    }
  }
}
