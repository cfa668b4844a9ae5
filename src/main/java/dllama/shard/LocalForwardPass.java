package dllama.shard;

import dllama.model.Batch;
import dllama.model.ForwardPass;
import dllama.model.LogitsWanted;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.Step;
import dllama.tensor.Kernels;
import dllama.tensor.WeightMemory;
import dllama.tensor.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// All ranks of a world in this process, one computing after the other between exchanges: the
/// reference for every other way to carry partials, and a model without a cluster.
public final class LocalForwardPass implements ForwardPass, AutoCloseable {
  private final ModelSpec spec;
  private final EngineSettings settings;
  private final Embedding embedding;
  private final Arena arena = Arena.ofShared();
  private final List<ShardEngine> engines = new ArrayList<>();
  private final MemorySegment[] partials;
  private final LogitsGathering gathering;

  /// Cuts and packs all slices; blocks until that is done.
  public LocalForwardPass(
      ModelSource source,
      ShardPlan plan,
      EngineSettings settings,
      Kernels kernels,
      WorkerPool pool) {
    spec = plan.spec();
    this.settings = settings;
    embedding = Embedding.of(source);
    gathering = LogitsGathering.of(plan);
    partials = new MemorySegment[plan.worldSize()];
    long partialBytes = plan.partialType().byteSize((long) settings.maxBatchTokens() * spec.dim());
    for (int rank = 0; rank < plan.worldSize(); rank++) {
      partials[rank] = arena.allocate(partialBytes, ShardLayout.ALIGNMENT);
      ShardLayout layout = new ShardLayout(plan, rank);
      MemorySegment slice = WeightMemory.allocate(layout.totalBytes(), arena);
      new SliceReader(layout, source).fill(slice, pool, _ -> {});
      MemorySegment cache = WeightMemory.allocate(ShardEngine.cacheBytes(plan, settings), arena);
      engines.add(new ShardEngine(layout, slice, cache, settings, kernels, pool));
    }
  }

  @Override
  public ModelSpec spec() {
    return spec;
  }

  @Override
  public int contextLength() {
    return settings.contextLength();
  }

  @Override
  public int maxBatchTokens() {
    return settings.maxBatchTokens();
  }

  @Override
  public Step forward(Batch batch) {
    int[] tokens = batch.tokens();
    for (int token : tokens) {
      if (token < 0 || token >= spec.vocabSize()) {
        throw new IllegalArgumentException("token=" + token);
      }
    }
    for (ShardEngine engine : engines) {
      engine.begin(tokens.length, batch.position(), batch.wanted().rows());
      for (int row = 0; row < tokens.length; row++) {
        embedding.row(tokens[row], engine.input(), row * spec.dim());
      }
    }
    while (advance()) {
      for (ShardEngine engine : engines) {
        engine.reduce(partials);
      }
    }
    String strayed = engines.getFirst().strayed();
    if (!strayed.isEmpty()) {
      throw NotFinite.at(strayed);
    }
    gathering.begin(batch);
    gather(batch.wanted());
    while (!gathering.choose()) {
      switch (gathering.question()) {
        case LogitsQuestion.Everything _ -> gather(new LogitsWanted.All());
        case LogitsQuestion.Walk walk -> {
          var wanted = (LogitsWanted.DrawAny) batch.wanted();
          gathering.put(walk.rank(), engines.get(walk.rank()).walk(wanted, walk));
        }
      }
    }
    return new Step(gathering.logits(), gathering.chosen(), 0, 0, 0);
  }

  /// Brings every rank to the next exchange; false at the end of the step.
  private boolean advance() {
    boolean exchange = false;
    for (int rank = 0; rank < partials.length; rank++) {
      exchange = engines.get(rank).advance();
      if (exchange) {
        engines.get(rank).writePartial(partials[rank]);
      }
    }
    return exchange;
  }

  private void gather(LogitsWanted wanted) {
    for (int rank = gathering.missingRank(); rank >= 0; rank = gathering.missingRank()) {
      if (!gathering.put(rank, engines.get(rank).logits(wanted))) {
        throw new IllegalStateException("rank=%d wanted=%s".formatted(rank, wanted));
      }
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
