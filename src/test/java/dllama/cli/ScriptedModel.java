package dllama.cli;

import dllama.logits.FullLogits;
import dllama.model.ModelSpec;
import dllama.step.ForwardException;
import dllama.step.ForwardPass;
import dllama.step.PagePool;
import dllama.step.Run;
import dllama.step.Step;
import dllama.step.StepResult;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;

/// A model whose answers are given.
final class ScriptedModel implements ForwardPass {
  final Deque<String> failures = new ArrayDeque<>();
  final List<Integer> fed = new ArrayList<>();
  final List<Integer> positions = new ArrayList<>();
  private final ModelSpec spec;
  private final int end;
  private final Deque<Integer> answers = new ArrayDeque<>();
  private final int[] cache;
  private int reserved;

  /// @param end token that ends an answer
  ScriptedModel(ModelSpec spec, int end) {
    this.spec = spec;
    this.end = end;
    reserved = spec.contextLength();
    cache = new int[reserved];
  }

  /// A context that is shorter than the model's.
  void reserve(int positions) {
    reserved = positions;
  }

  /// Letter by letter: byte b is token b.
  void answer(String text) {
    text.chars().forEach(answers::add);
    answers.add(end);
  }

  /// Token by token, whatever ends it.
  void answer(int... tokens) {
    Arrays.stream(tokens).forEach(answers::add);
  }

  /// What the cache holds from position 0 on.
  int[] cached(int length) {
    return Arrays.copyOf(cache, length);
  }

  @Override
  public ModelSpec spec() {
    return spec;
  }

  @Override
  public int contextLength() {
    return reserved;
  }

  @Override
  public int maxBatchTokens() {
    return 8;
  }

  @Override
  public PagePool pool() {
    return new PagePool(1, ForwardPass.pages(spec.contextLength()));
  }

  @Override
  public StepResult forward(Step step) {
    Run batch = step.runs().getFirst();
    if (!failures.isEmpty()) {
      throw new ForwardException(failures.remove());
    }
    Arrays.stream(batch.tokens()).forEach(fed::add);
    for (int i = 0; i < batch.tokens().length; i++) {
      positions.add(batch.position() + i);
      cache[batch.position() + i] = batch.tokens()[i];
    }
    int rows = batch.wanted().rows();
    float[][] logits = new float[Math.max(1, rows)][spec.vocabSize()];
    int guess = batch.tokens().length - rows + 1;
    for (int row = 0; row < rows; row++) {
      int answer = answers.isEmpty() ? end : answers.remove();
      logits[row][answer] = 1;
      if (row < rows - 1 && batch.tokens()[guess + row] != answer) {
        break; // nobody asks what follows a wrong guess
      }
    }
    return FullLogits.step(step, logits);
  }
}
