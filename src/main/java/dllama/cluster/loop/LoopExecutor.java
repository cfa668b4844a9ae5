package dllama.cluster.loop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// An [EventLoop] as the executor of a dispatcher, with a thread that keeps it running: the keeper
/// runs the tasks while no compute thread is attached, and looks after them while one computes.
final class LoopExecutor extends AbstractExecutorService {
  private static final long NAP_NANOS = 2_000_000;
  private static final long FOREVER = Long.MAX_VALUE / 2;

  private final EventLoop loop;
  private final LoopWait computeWait;
  private final Thread keeper;
  private volatile boolean terminated;

  /// Starts the loop.
  ///
  /// @param threads makes the keeper; its uncaught exception handler gets what tasks throw
  /// @param spin how long a thread that has nothing to run looks for work before it sleeps
  LoopExecutor(ThreadFactory threads, Duration spin) {
    keeper = threads.newThread(this::keep);
    loop = new EventLoop(keeper.getUncaughtExceptionHandler(), spin);
    computeWait = new LoopWait(loop, keeper);
    keeper.start();
  }

  LoopWait computeWait() {
    return computeWait;
  }

  private void keep() {
    computeWait.enter();
    ReentrantLock turn = loop.turn();
    while (!loop.isStopped()) {
      if (!computeWait.isAttached()) {
        turn.lock();
        try {
          runUntilAttached();
        } finally {
          turn.unlock();
        }
      } else {
        LockSupport.parkNanos(this, NAP_NANOS);
        if (computeWait.isQuietFor(NAP_NANOS) && turn.tryLock()) {
          try {
            serve();
          } finally {
            turn.unlock();
          }
        }
      }
    }
    terminate();
  }

  private void runUntilAttached() {
    BooleanSupplier attached = computeWait::isAttached;
    long never = System.nanoTime() + FOREVER;
    while (!attached.getAsBoolean() && !loop.isStopped()) {
      loop.runNext(attached, never);
      Thread.interrupted(); // was meant for the task, and would keep the selector from sleeping
    }
  }

  /// Does what can be done at once, until the attached thread wants its turn.
  private void serve() {
    boolean settled;
    do {
      settled = loop.runNext(() -> true, 0);
    } while (!settled && !loop.turn().hasQueuedThreads() && !loop.isStopped());
  }

  /// Runs what was accepted before the shutdown. A task that slips in after the first look at an
  /// empty queue is seen by the second look, or [#execute] sees `terminated` and takes it back.
  private void terminate() {
    loop.turn().lock();
    try {
      runAll();
      terminated = true;
      runAll();
    } finally {
      loop.turn().unlock();
    }
  }

  private void runAll() {
    for (Runnable task = loop.poll(); task != null; task = loop.poll()) {
      loop.run(task);
    }
  }

  @Override
  public void execute(Runnable task) {
    if (loop.isStopped()) {
      throw new RejectedExecutionException("the event loop is shut down");
    }
    loop.add(task);
    if (terminated && loop.remove(task)) {
      throw new RejectedExecutionException("the event loop is shut down");
    }
  }

  @Override
  public void shutdown() {
    loop.stop();
    LockSupport.unpark(keeper);
  }

  @Override
  public List<Runnable> shutdownNow() {
    shutdown();
    List<Runnable> left = new ArrayList<>();
    for (Runnable task = loop.poll(); task != null; task = loop.poll()) {
      left.add(task);
    }
    return left;
  }

  @Override
  public boolean isShutdown() {
    return loop.isStopped();
  }

  @Override
  public boolean isTerminated() {
    return !keeper.isAlive();
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    return keeper.join(Duration.of(timeout, unit.toChronoUnit()));
  }
}
