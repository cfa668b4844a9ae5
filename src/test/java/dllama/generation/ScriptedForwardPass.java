package dllama.generation;

import dllama.logits.FullLogits;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.ModelSpec.Rope;
import dllama.step.ForwardException;
import dllama.step.ForwardPass;
import dllama.step.Run;
import dllama.step.Step;
import dllama.step.StepResult;
import dllama.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/// A model over 64 tokens that always predicts the token after the last one it was fed, and keeps
/// what it was fed.
final class ScriptedForwardPass implements ForwardPass {
  private static final int VOCABULARY = 64;

  final List<Run> runs = new ArrayList<>();

  /// What stands at each position.
  final int[] cache;

  int epoch = 1;
  int stepsBeforeFailure = Integer.MAX_VALUE;
  private final int maxBatchTokens;

  ScriptedForwardPass(int contextLength, int maxBatchTokens) {
    cache = new int[contextLength];
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
  public int pages() {
    return ForwardPass.pages(cache.length);
  }

  @Override
  public long epoch() {
    return epoch;
  }

  @Override
  public StepResult forward(Step step) {
    if (runs.size() == stepsBeforeFailure) {
      throw new ForwardException("a worker went away");
    }
    Run run = step.runs().getFirst();
    runs.add(run);
    System.arraycopy(run.tokens(), 0, cache, run.position(), run.tokens().length);
    float[][] logits = new float[run.tokens().length][VOCABULARY];
    for (int i = 0; i < logits.length; i++) {
      logits[i][(run.tokens()[i] + 1) % VOCABULARY] = 1;
    }
    return FullLogits.step(step, logits);
  }
}
