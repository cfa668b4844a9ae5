package dllama.generation;

/// Is told what steps take, on the thread of the [Scheduler], which waits for it.
@FunctionalInterface
public interface StepListener {
  /// A step is done.
  void done(Step step);

  /// What a step took.
  ///
  /// @param read tokens of prompts
  /// @param decoded latest tokens of answers, and guesses
  /// @param waitedNanos time of it in which the root waited for other nodes
  record Step(int read, int decoded, long nanos, long waitedNanos) {}
}
