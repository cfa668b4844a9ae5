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
/// @param states places for states that sequences share, of models with such
///     ([dllama.model.DeltaNet])
public record EngineSettings(
    DType kv, int contextLength, int maxBatchTokens, int pages, int states) {
  /// Of a sequence, before a step and after it.
  public static final int LEAST_STATES = 2;

  public EngineSettings {
    if (kv != DType.F32 && kv != DType.F16) {
      throw new IllegalArgumentException("kv=" + kv);
    }
    if (contextLength < 1 || maxBatchTokens < 1 || pages < 1 || states < 0) {
      throw new IllegalArgumentException(
          "contextLength=%d maxBatchTokens=%d pages=%d states=%d"
              .formatted(contextLength, maxBatchTokens, pages, states));
    }
  }

  /// With places for states of one sequence.
  public EngineSettings(DType kv, int contextLength, int maxBatchTokens, int pages) {
    this(kv, contextLength, maxBatchTokens, pages, LEAST_STATES);
  }

  /// What of these and others both have room for.
  public EngineSettings least(EngineSettings other) {
    int fewer = Math.min(pages, other.pages);
    return new EngineSettings(
        kv, contextLength, maxBatchTokens, fewer, Math.min(states, other.states));
  }

  /// The pages and places of a world.
  public PagePool pool(long epoch, ModelSpec spec) {
    return new PagePool(epoch, pages, spec.deltaNet().exists() ? states : 0);
  }

  /// With pages for one sequence.
  public EngineSettings(DType kv, int contextLength, int maxBatchTokens) {
    this(kv, contextLength, maxBatchTokens, KvHead.pages(contextLength));
  }
}
