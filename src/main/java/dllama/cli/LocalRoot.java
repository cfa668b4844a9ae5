package dllama.cli;

import dllama.error.UserException;
import dllama.model.ForwardPass;
import dllama.settings.Settings;
import dllama.shard.EngineSettings;
import dllama.shard.LocalForwardPass;
import dllama.shard.ShardEngine;
import dllama.shard.ShardLayout;
import dllama.shard.ShardPlan;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// A root without a cluster: one node, in this process.
final class LocalRoot implements Root {
  private final WorkerPool pool;
  private final LocalForwardPass forwardPass;
  private final long loadMillis;

  LocalRoot(Settings settings, LoadedModel model) {
    long start = System.nanoTime();
    int batch = Math.min(settings.model().prefillBatch(), model.contextLength());
    ShardPlan plan = new ShardPlan(model.spec(), model.exchange(), 1);
    EngineSettings engine = new EngineSettings(model.kv(), model.contextLength(), batch);
    checkMemory(plan, engine, settings.cluster().weights().memoryLimit());
    pool = new WorkerPool(settings.cluster().threads());
    forwardPass = new LocalForwardPass(model.source(), plan, engine, Kernels.choose(true), pool);
    loadMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
  }

  private static void checkMemory(ShardPlan plan, EngineSettings engine, long limit) {
    long weights = new ShardLayout(plan, 0).totalBytes();
    long cache = ShardEngine.cacheBytes(plan, engine);
    if (weights + cache > limit) {
      throw new UserException(
          "the model needs %.1f GB for weights and %.1f GB for %d tokens of context, but this node may take %.1f GB; use more nodes, or a smaller --max-seq-len"
              .formatted(
                  gigabytes(weights), gigabytes(cache), engine.contextLength(), gigabytes(limit)));
    }
  }

  private static double gigabytes(long bytes) {
    return bytes / (double) (1 << 30);
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
  public void tell(Consumer<String> listener) {}

  @Override
  public void close() {
    forwardPass.close();
    pool.close();
  }
}
