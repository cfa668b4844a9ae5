package dllama.generation;

import dllama.model.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/// Durations and traffic of the decode steps of one generation.
final class StepTimes {
  private record Entry(long nanos, long syncNanos, long sentBytes, long receivedBytes) {}

  private final List<Entry> steps = new ArrayList<>();

  void add(long nanos, Step step) {
    steps.add(new Entry(nanos, step.syncNanos(), step.sentBytes(), step.receivedBytes()));
  }

  Usage usage(int prefillTokens, long prefillNanos, int tokens) {
    return new Usage(
        prefillTokens,
        prefillNanos,
        tokens,
        steps.size(),
        steps.stream().mapToLong(Entry::nanos).sum(),
        median(Entry::nanos),
        median(Entry::syncNanos),
        median(Entry::sentBytes),
        median(Entry::receivedBytes));
  }

  /// The upper one of two in the middle; 0 without steps.
  private long median(ToLongFunction<Entry> value) {
    long[] sorted = steps.stream().mapToLong(value).sorted().toArray();
    return sorted.length == 0 ? 0 : sorted[sorted.length / 2];
  }
}
