package dllama.engine;

import dllama.tensor.DType;
import dllama.tensor.KvHead;

/// What a rank needs to know beside the plan; the same on every rank.
///
/// @param kv type of the key/value cache, F32 or F16
/// @param contextLength the most positions of a sequence
/// @param maxBatchTokens the most rows of one step
/// @param pages of keys and values that sequences share
public record EngineSettings(DType kv, int contextLength, int maxBatchTokens, int pages) {
  public EngineSettings {
    if (kv != DType.F32 && kv != DType.F16) {
      throw new IllegalArgumentException("kv=" + kv);
    }
    if (contextLength < 1 || maxBatchTokens < 1 || pages < 1) {
      throw new IllegalArgumentException(
          "contextLength=%d maxBatchTokens=%d pages=%d"
              .formatted(contextLength, maxBatchTokens, pages));
    }
  }

  /// With pages for one sequence.
  public EngineSettings(DType kv, int contextLength, int maxBatchTokens) {
    this(kv, contextLength, maxBatchTokens, KvHead.pages(contextLength));
  }
}
