package dllama.generation;

import dllama.step.StepResult;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/// Durations and traffic of the decode steps of one generation, by token: where a step gave
/// several, each has its part.
final class StepTimes {
  private record Entry(long nanos, long syncNanos, long sentBytes, long receivedBytes) {}

  private final List<Entry> tokens = new ArrayList<>();
  private long nanos;
  private int steps;
  private int proposed;
  private int accepted;

  /// A step.
  ///
  /// @param emitted tokens that the step gave
  /// @param guessed tokens that were guessed
  /// @param right how many of these held
  void add(long stepNanos, StepResult step, int emitted, int guessed, int right) {
    nanos += stepNanos;
    steps++;
    proposed += guessed;
    accepted += right;
    for (int i = 0; i < emitted; i++) {
      tokens.add(
          new Entry(
              stepNanos / emitted,
              step.syncNanos() / emitted,
              step.sentBytes() / emitted,
              step.receivedBytes() / emitted));
    }
  }

  Usage usage(int cachedTokens, int prefillTokens, long prefillNanos, int generated) {
    return new Usage(
        cachedTokens,
        prefillTokens,
        prefillNanos,
        generated,
        tokens.size(),
        steps,
        nanos,
        median(Entry::nanos),
        median(Entry::syncNanos),
        median(Entry::sentBytes),
        median(Entry::receivedBytes),
        new Usage.Guesses(proposed, accepted));
  }

  /// The upper one of two in the middle; 0 without steps.
  private long median(ToLongFunction<Entry> value) {
    long[] sorted = tokens.stream().mapToLong(value).sorted().toArray();
    return sorted.length == 0 ? 0 : sorted[sorted.length / 2];
  }
}
