package dllama.engine;

import dllama.model.ModelSpec;
import dllama.step.PagePool;
import dllama.tensor.DType;
import dllama.tensor.KvHead;

/// What a rank needs to know beside the plan; the same on every rank.
///
/// @param kv type of the key/value cache, F32 or F16
/// @param contextLength the most positions of a sequence
/// @param maxBatchTokens the most rows of one step
/// @param pages of keys and values that sequences share
/// @param windows places for a page's keys and values in layers that see the latest positions only
///     ([dllama.model.Sliding]), that sequences share; of no bytes where there are none
/// @param states places for states that sequences share, of models with such
///     ([dllama.model.DeltaNet])
public record EngineSettings(
    DType kv, int contextLength, int maxBatchTokens, int pages, int windows, int states) {
  /// Of a sequence, before a step and after it.
  public static final int LEAST_STATES = 2;

  public EngineSettings {
    if (kv != DType.F32 && kv != DType.F16) {
      throw new IllegalArgumentException("kv=" + kv);
    }
    if (contextLength < 1 || maxBatchTokens < 1 || pages < 1 || windows < 1 || states < 0) {
      throw new IllegalArgumentException(
          "contextLength=%d maxBatchTokens=%d pages=%d windows=%d states=%d"
              .formatted(contextLength, maxBatchTokens, pages, windows, states));
    }
  }

  /// With as many windows as pages, and places for states of one sequence.
  public EngineSettings(DType kv, int contextLength, int maxBatchTokens, int pages) {
    this(kv, contextLength, maxBatchTokens, pages, pages, LEAST_STATES);
  }

  /// With pages for one sequence, and as many windows.
  public EngineSettings(DType kv, int contextLength, int maxBatchTokens) {
    this(kv, contextLength, maxBatchTokens, KvHead.pages(contextLength));
  }

  /// With what one sequence of a model needs.
  public static EngineSettings ofOneSequence(
      ModelSpec spec, DType kv, int contextLength, int maxBatchTokens) {
    int pages = KvHead.pages(contextLength);
    int windows = leastWindows(spec, contextLength, maxBatchTokens);
    return new EngineSettings(kv, contextLength, maxBatchTokens, pages, windows, LEAST_STATES);
  }

  /// Windows that one sequence needs for a step: from the first position that its first row sees to
  /// its last row.
  public static int leastWindows(ModelSpec spec, int contextLength, int maxBatchTokens) {
    int window = spec.sliding().window();
    int pages = KvHead.pages(contextLength);
    return window == 0 || window > contextLength
        ? pages
        : Math.min(pages, KvHead.pages(window + maxBatchTokens) + 1);
  }

  /// Those of an engine for shorter steps over the same pages.
  EngineSettings withMaxBatchTokens(int other) {
    return new EngineSettings(kv, contextLength, other, pages, windows, states);
  }

  /// What of these and others both have room for.
  public EngineSettings least(EngineSettings other) {
    return new EngineSettings(
        kv,
        contextLength,
        maxBatchTokens,
        Math.min(pages, other.pages),
        Math.min(windows, other.windows),
        Math.min(states, other.states));
  }

  /// The pages and places of a world.
  public PagePool pool(long epoch, ModelSpec spec) {
    boolean slides = spec.sliding().window() > 0;
    return new PagePool(epoch, pages, slides ? windows : 0, spec.deltaNet().exists() ? states : 0);
  }
}
