package dllama.generation;

/// How long steps that only decode take, by their rows; measured as they go. No clock of its own.
final class StepPace {
  /// Wider steps are taken for this wide.
  private static final int MAX_ROWS = 64;

  /// Steps after which a time is known.
  private static final int WARM_UP = 4;

  /// Weight of a new measurement.
  private static final double NEW = 0.2;

  /// What a row more is thought to take, in the narrowest steps, before any was measured.
  private static final double FIRST_SLOPE = 0.25;

  /// By rows; 0 where none was measured.
  private final double[] nanos = new double[MAX_ROWS + 1];

  private final int[] steps = new int[MAX_ROWS + 1];
  private int narrowest = MAX_ROWS;

  /// What a row adds, in the narrowest steps.
  private double slope = FIRST_SLOPE;

  /// Whether steps of so many rows were seen often enough to judge by.
  boolean knows(int rows) {
    return steps[Math.min(rows, MAX_ROWS)] >= WARM_UP;
  }

  /// What a step of so many rows takes, in nanoseconds.
  double nanos(int rows) {
    int row = Math.min(rows, MAX_ROWS);
    return nanos[row] > 0
        ? nanos[row]
        : nanos[narrowest] * (1 + Math.max(0, slope) * (row - narrowest));
  }

  /// A step has taken so long.
  void measured(int rows, long time) {
    int row = Math.min(rows, MAX_ROWS);
    double known = nanos[row];
    nanos[row] = known == 0 ? time : known + NEW * (Math.min((double) time, 2 * known) - known);
    steps[row]++;
    narrowest = Math.min(narrowest, row);
    if (row > narrowest) {
      slope += NEW * ((time / nanos[narrowest] - 1) / (row - narrowest) - slope);
    }
  }
}
