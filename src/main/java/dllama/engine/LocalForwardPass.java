package dllama.engine;

import dllama.logits.LogitsPart;
import dllama.logits.LogitsQuestion;
import dllama.logits.LogitsWanted;
import dllama.logits.RunLogits;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.NotFinite;
import dllama.model.Range;
import dllama.slice.Embedding;
import dllama.slice.ShardPlan;
import dllama.slice.SliceLayout;
import dllama.slice.SliceReader;
import dllama.step.ForwardPass;
import dllama.step.PagePool;
import dllama.step.Run;
import dllama.step.Step;
import dllama.step.StepResult;
import dllama.tensor.Kernels;
import dllama.tensor.WeightMemory;
import dllama.tensor.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// All ranks of a world in this process, one computing after the other between exchanges: the
/// reference for every other way to carry partials, and a model without a cluster.
public final class LocalForwardPass implements ForwardPass, AutoCloseable {
  private final ModelSpec spec;
  private final EngineSettings settings;
  private final Embedding embedding;
  private final Arena arena = Arena.ofShared();
  private final List<ShardEngine> engines = new ArrayList<>();
  private final MemorySegment[] partials;
  private final List<Range> vocabulary;

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
    vocabulary = IntStream.range(0, plan.worldSize()).mapToObj(plan::vocabulary).toList();
    partials = new MemorySegment[plan.worldSize()];
    int values = settings.maxBatchTokens() * spec.dim() * spec.feedForwardSums();
    long partialBytes = Collective.mostBytes(plan, values);
    for (int rank = 0; rank < plan.worldSize(); rank++) {
      partials[rank] = arena.allocate(partialBytes, SliceLayout.ALIGNMENT);
      SliceLayout layout = new SliceLayout(plan, rank);
      MemorySegment slice = WeightMemory.allocate(layout.totalBytes(), arena);
      new SliceReader(layout, source).fill(slice, pool, _ -> {});
      MemorySegment cache =
          WeightMemory.allocate(ShardEngine.cacheBytes(plan, rank, settings), arena);
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
  public PagePool pool() {
    return settings.pool(1, spec);
  }

  @Override
  public StepResult forward(Step step) {
    for (ShardEngine engine : engines) {
      step.copies().forEach(engine::copy);
      engine.rows().clear();
      int row = 0;
      for (Run run : step.runs()) {
        int count = run.tokens().length;
        int wanted = run.wanted().rows();
        engine.rows().add(run.pages(), run.windows(), run.position(), count, wanted, run.state());
        for (int token : run.tokens()) {
          embedding.inputs(token, engine.layerRows(), row * (long) embedding.inputBytes());
          embedding.row(token, engine.input(), row++ * spec.dim());
        }
      }
      engine.begin();
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
    List<RunLogits> logits = new ArrayList<>();
    int row = 0;
    int end = 0;
    for (Run run : step.runs()) {
      end += run.tokens().length;
      logits.add(
          run.wanted() instanceof LogitsWanted.States(int count)
              ? states(end - count, count)
              : logits(row, run));
      row += run.wanted().rows();
    }
    return new StepResult(logits, 0, 0, 0);
  }

  private RunLogits states(int from, int count) {
    float[] values = new float[count * spec.dim()];
    engines.getFirst().states(from, count, values, 0);
    return new RunLogits(
        vocabulary,
        List.of(new LogitsPart.States(count, values)),
        question -> {
          throw new IllegalArgumentException("question=" + question);
        });
  }

  private RunLogits logits(int row, Run run) {
    List<LogitsPart> parts =
        run.wanted().rows() == 0
            ? List.of()
            : engines.stream()
                .map(engine -> engine.logits(row, run.wanted(), run.adjustments()))
                .toList();
    return new RunLogits(vocabulary, parts, question -> answers(row, question));
  }

  private List<LogitsPart> answers(int row, LogitsQuestion question) {
    return question instanceof LogitsQuestion.Walk walk
        ? List.of(engines.get(walk.rank()).answer(row, walk))
        : engines.stream()
            .map(engine -> engine.answer(row, question.to(engine.vocabulary())))
            .toList();
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

  @Override
  public void close() {
    arena.close();
  }
}
