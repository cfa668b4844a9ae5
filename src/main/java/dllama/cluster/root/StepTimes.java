package dllama.cluster.root;

import java.util.Arrays;
import java.util.Optional;

/// How long steps of few rows have taken, those that make tokens, by their number of rows: a step
/// of more rows takes longer.
final class StepTimes {
  private static final int MOST_ROWS = 8;

  /// Fewer say nothing.
  static final int FEW = 16;

  private final long[] steps;
  private final long[] nanos;

  StepTimes() {
    this(new long[MOST_ROWS + 1], new long[MOST_ROWS + 1]);
  }

  private StepTimes(long[] steps, long[] nanos) {
    this.steps = steps;
    this.nanos = nanos;
  }

  void add(int rows, long stepNanos) {
    if (rows <= MOST_ROWS) {
      steps[rows]++;
      nanos[rows] += stepNanos;
    }
  }

  long count() {
    return Arrays.stream(steps).sum();
  }

  /// These, as they are now.
  StepTimes copy() {
    return new StepTimes(steps.clone(), nanos.clone());
  }

  /// Those since then.
  StepTimes since(StepTimes then) {
    StepTimes left = copy();
    for (int rows = 0; rows <= MOST_ROWS; rows++) {
      left.steps[rows] -= then.steps[rows];
      left.nanos[rows] -= then.nanos[rows];
    }
    return left;
  }

  /// What a step takes, in milliseconds, here and elsewhere, of as many rows as both have most of.
  record Compared(double here, double there) {}

  /// Empty if there are too few that can be compared.
  Optional<Compared> compare(StepTimes other) {
    int best = 0;
    for (int rows = 1; rows <= MOST_ROWS; rows++) {
      best = common(other, rows) > common(other, best) ? rows : best;
    }
    return common(other, best) < FEW
        ? Optional.empty()
        : Optional.of(new Compared(millis(best), other.millis(best)));
  }

  private long common(StepTimes other, int rows) {
    return Math.min(steps[rows], other.steps[rows]);
  }

  private double millis(int rows) {
    return nanos[rows] / 1e6 / steps[rows];
  }
}
