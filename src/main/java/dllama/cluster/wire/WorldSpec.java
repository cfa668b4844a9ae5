package dllama.cluster.wire;

import dllama.engine.EngineSettings;
import dllama.model.ModelSpec;
import dllama.settings.CollectiveType;
import dllama.settings.Overlap;
import dllama.slice.ShardPlan;
import dllama.slice.TinyModel;
import dllama.tensor.DType;

/// What all ranks of a world compute, and how: the same for each of them.
///
/// @param plan the model, and how it is cut
/// @param engine how much is computed and kept
/// @param collective how partials are summed, see `CollectiveRule`
/// @param overlap whether long steps are done in halves, see `OverlapRule`
public record WorldSpec(
    ShardPlan plan, EngineSettings engine, CollectiveType collective, Overlap overlap) {
  /// Positions of a rehearsal: tokens of one of its rounds, and some more.
  public static final int REHEARSAL_CONTEXT = 160;

  private static final int REHEARSAL_LAYERS = 2;
  static final int MOST_NODES = 1024;
  private static final int MOST_TOKENS = 1 << 28;
  private static final int MOST_PAGES = 1 << 24;

  public WorldSpec {
    Checks.present(plan, "plan");
    Checks.present(plan.spec().activation(), "activation");
    Checks.present(plan.spec().types().matrices(), "types");
    Checks.present(plan.spec().rope(), "rope");
    Checks.present(engine, "engine");
    Checks.present(collective, "collective");
    Checks.present(overlap, "overlap");
    Checks.range("worldSize", plan.worldSize(), 1, MOST_NODES);
    Checks.range("contextLength", engine.contextLength(), 1, MOST_TOKENS);
    Checks.range("maxBatchTokens", engine.maxBatchTokens(), 1, engine.contextLength());
    Checks.range("pages", engine.pages(), 1, MOST_PAGES);
    Checks.range("windows", engine.windows(), 1, MOST_PAGES);
    Checks.range("states", engine.states(), 0, MOST_PAGES);
    if (collective == CollectiveType.REDUCE_SCATTER_Q80 && plan.exchange() != DType.Q8_0) {
      throw new IllegalArgumentException(
          "collective=%s exchange=%s".formatted(collective, plan.exchange()));
    }
  }

  /// The model.
  public ModelSpec model() {
    return plan.spec();
  }

  /// Number of ranks.
  public int size() {
    return plan.worldSize();
  }

  /// The same world with a tiny model in place of this one, to rehearse with.
  WorldSpec rehearsal() {
    int context = Math.min(engine.contextLength(), REHEARSAL_CONTEXT);
    ModelSpec tiny = TinyModel.of(plan, REHEARSAL_LAYERS, context);
    return new WorldSpec(
        new ShardPlan(tiny, plan.exchange(), plan.shares()),
        new EngineSettings(engine.kv(), context, Math.min(engine.maxBatchTokens(), context)),
        collective,
        overlap);
  }
}
