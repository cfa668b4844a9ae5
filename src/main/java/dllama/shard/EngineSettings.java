package dllama.shard;

import dllama.tensor.DType;

/// What a rank needs to know beside the plan; the same on every rank.
///
/// @param kv type of the key/value cache, F32 or F16
/// @param contextLength positions to reserve
/// @param maxBatchTokens the most tokens of one step
public record EngineSettings(DType kv, int contextLength, int maxBatchTokens) {
  public EngineSettings {
    if (kv != DType.F32 && kv != DType.F16) {
      throw new IllegalArgumentException("kv=" + kv);
    }
    if (contextLength < 1 || maxBatchTokens < 1) {
      throw new IllegalArgumentException(
          "contextLength=%d maxBatchTokens=%d".formatted(contextLength, maxBatchTokens));
    }
  }
}
