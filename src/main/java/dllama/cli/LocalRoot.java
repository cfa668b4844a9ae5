package dllama.cli;

import dllama.model.ForwardPass;
import dllama.settings.Settings;
import dllama.shard.EngineSettings;
import dllama.shard.LocalForwardPass;
import dllama.shard.ShardPlan;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.util.concurrent.TimeUnit;

/// A root without a cluster: one node, in this process.
final class LocalRoot implements Root {
  private final WorkerPool pool;
  private final LocalForwardPass forwardPass;
  private final long loadMillis;

  LocalRoot(Settings settings, LoadedModel model) {
    long start = System.nanoTime();
    pool = new WorkerPool(settings.cluster().threads());
    int batch = Math.min(settings.model().prefillBatch(), model.contextLength());
    forwardPass =
        new LocalForwardPass(
            model.source(),
            new ShardPlan(model.spec(), model.exchange(), 1),
            new EngineSettings(model.kv(), model.contextLength(), batch),
            Kernels.choose(true),
            pool);
    loadMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  @Override
  public ForwardPass forwardPass() {
    return forwardPass;
  }

  @Override
  public Ready awaitReady() {
    return new Ready(1, loadMillis);
  }

  @Override
  public void close() {
    forwardPass.close();
    pool.close();
  }
}
