package dllama.cluster;

import dllama.settings.ClusterSettings;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// What of this machine a node uses, for as long as the process runs: compute threads and the
/// memory of the slice. Actor systems come and go above it.
final class NodeMachine implements AutoCloseable {
  private final ExecutorService compute =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "compute-0");
            thread.setDaemon(true);
            return thread;
          });
  private final WorkerPool pool;
  private final SliceStore store = new SliceStore();
  private final ShardHost host;

  NodeMachine(ClusterSettings settings, Kernels kernels, WorkerListener listener) {
    pool = new WorkerPool(settings.threads());
    host =
        new ShardHost(
            store,
            kernels,
            pool,
            compute,
            settings.weights().memoryLimit(),
            settings.sync().stallTimeout(),
            listener);
  }

  ShardHost host() {
    return host;
  }

  /// Waits for a step under way; its world is dissolved by now, so it ends soon.
  @Override
  public void close() {
    compute.shutdown();
    try {
      if (compute.awaitTermination(5, TimeUnit.SECONDS)) {
        pool.close();
        store.close();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
