package dllama.cluster.rank;

import dllama.tensor.WeightMemory;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.OptionalLong;

/// Makes huge pages of a slice that was read in small ones, on a thread of its own. Where memory is
/// in pieces, the system needs a second to find as many huge pages as a slice of 1 GB has, which is
/// the time to a first token; with them a token takes less time (docs/BENCHMARK-NOTES.md).
final class PageGathering implements AutoCloseable {
  /// How long the first tokens are left alone.
  private static final Duration FIRST_TOKENS = Duration.ofSeconds(4);

  private final MemorySegment slice;
  private final Thread thread = new Thread(this::run, "huge-pages");
  private volatile boolean hurry;

  private PageGathering(MemorySegment slice) {
    this.slice = slice;
    thread.setDaemon(true);
  }

  /// Starts with what was read just now.
  static PageGathering start(MemorySegment slice) {
    PageGathering gathering = new PageGathering(slice);
    gathering.thread.start();
    return gathering;
  }

  private void run() {
    try {
      pause(FIRST_TOKENS);
      OptionalLong at = OptionalLong.of(0);
      while (at.isPresent() && !Thread.currentThread().isInterrupted()) {
        long before = System.nanoTime();
        at = WeightMemory.gather(slice, at.getAsLong());
        pause(Duration.ofNanos(System.nanoTime() - before)); // half of a core at most
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private synchronized void pause(Duration time) throws InterruptedException {
    long end = System.nanoTime() + time.toNanos();
    for (long left = time.toMillis(); !hurry && left > 0; ) {
      wait(left);
      left = Duration.ofNanos(end - System.nanoTime()).toMillis();
    }
  }

  /// Waits until it is done, but not much longer than this: for who measures.
  void await(Duration limit) throws InterruptedException {
    synchronized (this) {
      hurry = true;
      notifyAll();
    }
    thread.join(limit);
  }

  /// To be called before the memory is freed.
  @Override
  public void close() {
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join(); // a part takes milliseconds
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
