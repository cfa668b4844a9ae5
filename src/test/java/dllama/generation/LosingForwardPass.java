package dllama.generation;

import dllama.logits.RunLogits;
import dllama.model.ModelSpec;
import dllama.step.ForwardException;
import dllama.step.ForwardPass;
import dllama.step.PagePool;
import dllama.step.Step;
import dllama.step.StepResult;
import java.time.Duration;
import java.util.List;
import java.util.Random;

/// A model whose nodes are lost now and then: before a step, after it was computed and before that
/// is known, or when they are asked about its logits. The next ones hold nothing.
final class LosingForwardPass implements ForwardPass, Recovery {
  final ScriptedForwardPass model;
  private final Random random;
  private final double chance;

  /// Worlds that may be lost by chance: whoever has none for long enough reads no long prompt.
  private final int most;

  /// Worlds that were lost.
  int losses;

  /// Looks for nodes that find none, at least.
  int least;

  private int pause;

  private boolean lost;

  LosingForwardPass(ScriptedForwardPass model, Random random, double chance, int most) {
    this.model = model;
    this.random = random;
    this.chance = chance;
    this.most = most;
  }

  @Override
  public ModelSpec spec() {
    return model.spec();
  }

  @Override
  public int contextLength() {
    return model.contextLength();
  }

  @Override
  public int maxBatchTokens() {
    return model.maxBatchTokens();
  }

  @Override
  public PagePool pool() {
    return model.pool();
  }

  @Override
  public StepResult forward(Step step) {
    if (lost || step.epoch() != model.epoch) {
      throw new IllegalStateException("a step of epoch %d".formatted(step.epoch()));
    }
    mayLose();
    StepResult result = model.forward(step);
    mayLose();
    List<RunLogits> logits =
        result.logits().stream()
            .map(
                of ->
                    new RunLogits(
                        of.vocabulary(),
                        of.parts(),
                        question -> {
                          mayLose();
                          return of.asker().ask(question);
                        }))
            .toList();
    return new StepResult(logits, result.syncNanos(), result.sentBytes(), result.receivedBytes());
  }

  private void mayLose() {
    if (losses < most && random.nextDouble() < chance) {
      lose();
    }
  }

  /// The nodes are lost in the middle of what they do now.
  void lose() {
    lost = true;
    losses++;
    pause = least + random.nextInt(3);
    model.forget();
    throw new ForwardException("loss " + losses);
  }

  @Override
  public boolean await(ForwardException why, Duration most) {
    if (pause-- > 0) {
      return false;
    }
    model.epoch += lost ? 1 : 0;
    lost = false;
    return true;
  }
}
