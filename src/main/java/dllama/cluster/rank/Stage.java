package dllama.cluster.rank;

import dllama.settings.ClusterSettings;
import dllama.slice.SliceCache;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/// Where a node rehearses: a thread and a little memory, beside those that load the real weights
/// meanwhile. Real steps and rehearsed ones take turns, because one thread at a time can be
/// attached to the exchange.
final class Stage {
  private static final long IDLE_SECONDS = 1;

  /// The thread ends by itself when there is nothing more to do.
  private final Executor thread =
      new ThreadPoolExecutor(
          0, 1, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Stage::thread);

  private final SliceStore store = new SliceStore(SliceCache.off(), _ -> false);
  private final RankHost host;
  private final ReentrantLock playing = new ReentrantLock();

  /// @param compiled waits until kernels are; run before anything else on this thread
  Stage(Kernels kernels, ClusterSettings settings, Runnable compiled) {
    var pool = new WorkerPool(1);
    host = new RankHost(store, kernels, pool, thread, settings, WorkerListener.silent(), _ -> {});
    host.compute(compiled);
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "rehearsal");
    thread.setDaemon(true);
    return thread;
  }

  /// What a rank computes with here.
  RankHost host() {
    return host;
  }

  /// Runs a step of `exchange`, rehearsed or real, on the calling thread, after the one under way,
  /// which was given up if this is a real one; unless its own exchange has failed meanwhile.
  void play(Exchange exchange, Runnable step) {
    playing.lock();
    try {
      if (exchange.failure() == null) {
        step.run();
      }
    } finally {
      playing.unlock();
    }
  }

  /// Gives memory back; whatever was rehearsed has failed. Does not wait for that.
  void strike() {
    thread.execute(
        () -> {
          host.freeCache();
          store.close();
        });
  }
}
