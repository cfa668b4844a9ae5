package dllama.generation;

import dllama.model.Architecture;
import dllama.model.Batch;
import dllama.model.ForwardException;
import dllama.model.ForwardPass;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.ModelSpec.Rope;
import dllama.model.Step;
import dllama.shard.FullLogits;
import dllama.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/// A model over 64 tokens that always predicts the token after the last one it was fed, and keeps
/// what it was fed.
final class ScriptedForwardPass implements ForwardPass {
  private static final int VOCABULARY = 64;

  final List<Batch> batches = new ArrayList<>();

  /// What stands at each position.
  final int[] cache;

  int cachedPositions;
  int stepsBeforeFailure = Integer.MAX_VALUE;
  private final int maxBatchTokens;

  ScriptedForwardPass(int contextLength, int maxBatchTokens) {
    cache = new int[contextLength];
    cachedPositions = contextLength;
    this.maxBatchTokens = maxBatchTokens;
  }

  @Override
  public ModelSpec spec() {
    return new ModelSpec(
        Architecture.LLAMA,
        DType.F32,
        32,
        32,
        0,
        0,
        1,
        1,
        1,
        32,
        VOCABULARY,
        cache.length,
        1e-5f,
        Activation.SILU,
        Rope.unscaled(10000));
  }

  @Override
  public int contextLength() {
    return cache.length;
  }

  @Override
  public int maxBatchTokens() {
    return maxBatchTokens;
  }

  @Override
  public int cachedPositions() {
    return cachedPositions;
  }

  @Override
  public Step forward(Batch batch) {
    if (batches.size() == stepsBeforeFailure) {
      throw new ForwardException("a worker went away");
    }
    batches.add(batch);
    System.arraycopy(batch.tokens(), 0, cache, batch.position(), batch.tokens().length);
    float[][] logits = new float[batch.tokens().length][VOCABULARY];
    for (int i = 0; i < logits.length; i++) {
      logits[i][(batch.tokens()[i] + 1) % VOCABULARY] = 1;
    }
    return FullLogits.step(batch, logits);
  }
}
