package dllama.cluster.rank;

import dllama.settings.ClusterSettings;
import dllama.slice.SliceCache;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

/// What of this machine a node uses, for as long as the process runs: compute threads and the
/// memory of the slice, with the cache folder behind it. Actor systems come and go above it.
///
/// It owns what it lends by a [RankHost]. The two are not one because a node has another host while
/// it rehearses, [Stage], with a thread and a little memory of its own.
public final class NodeMachine implements AutoCloseable {
  private final ExecutorService compute =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "compute-0");
            thread.setDaemon(true);
            return thread;
          });
  private final WorkerPool pool;
  private final SliceCache cache;
  private final SliceStore store;
  private final RankHost host;

  /// What of this machine a node may use; its threads start here.
  ///
  /// @param cache closed with this
  public NodeMachine(ClusterSettings settings, SliceCache cache, WorkerListener listener) {
    this.cache = cache;
    store = new SliceStore(cache, settings.weights().cache()::maps);
    pool = new WorkerPool(settings.threads());
    VectorNote note = new VectorNote(cache);
    Kernels.limitVectors(settings.vectorBits().orElseGet(note::bits));
    Kernels kernels = Kernels.choose(settings.vectorKernels());
    IntConsumer narrower = settings.vectorBits().isPresent() ? _ -> {} : note::write;
    host = new RankHost(store, kernels, pool, compute, settings, listener, narrower);
  }

  /// What a rank is lent of it.
  public RankHost host() {
    return host;
  }

  /// Waits for a step under way; its world is dissolved by now, so it ends soon.
  @Override
  public void close() {
    host.close();
    cache.close();
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
