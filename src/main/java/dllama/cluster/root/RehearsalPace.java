package dllama.cluster.root;

/// Tells when the steps of a rehearsal get no quicker: when rounds have brought nothing for a
/// while. What is still being compiled by then is not in their way. No clock of its own.
final class RehearsalPace {
  /// In so many the code is called often enough to be compiled, 12,000 exchanges.
  static final int LEAST_ROUNDS = 30;

  /// As long as a compiler may be busy with one thing.
  static final long PATIENCE_NANOS = 1_000_000_000;

  /// Less than this is no gain.
  private static final double GAIN = 0.97;

  private int rounds;
  private double quickest = Double.MAX_VALUE;
  private long quickestAt;

  /// A round has taken `nanos` and ended at `now`, on the clock of [System#nanoTime].
  void measured(long nanos, long now) {
    rounds++;
    if (nanos < GAIN * quickest) {
      quickest = nanos;
      quickestAt = now;
    }
  }

  boolean isSettled(long now) {
    return rounds >= LEAST_ROUNDS && now - quickestAt >= PATIENCE_NANOS;
  }

  @Override
  public String toString() {
    return rounds == 0
        ? "no rounds"
        : "%d rounds, the quickest in %.1f ms".formatted(rounds, quickest / 1e6);
  }
}
