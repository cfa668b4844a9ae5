package dllama.generation;

/// Decides how many tokens to guess in a step, by what steps take and how many guesses hold; both
/// are measured as they go. Speculation lives on what it has gained, and on 1 % of the time of
/// plain steps, so that it can neither cost more than that nor miss that a text has become
/// predictable. No clock of its own.
final class SpeculationPace {
  /// The most tokens that are guessed in a step.
  static final int MAX_LENGTH = 8;

  private static final double ALLOWANCE = 0.01;

  /// Below this gain a guess is taken for none.
  private static final double WORTH = 1.05;

  /// Plain steps to measure first.
  private static final int WARM_UP = 4;

  /// A guess to find out whether guesses hold.
  private static final int PROBE_LENGTH = 2;

  /// Weight of a new measurement.
  private static final double NEW = 0.2;

  /// What a guessed token is thought to take, in plain steps, before any was measured.
  private static final double FIRST_SLOPE = 0.25;

  /// By the length of the guess; 0 where none was measured.
  private final double[] nanos = new double[MAX_LENGTH + 1];

  private int plainSteps;

  /// What a guessed token adds to a step, in plain steps.
  private double slope = FIRST_SLOPE;

  /// Guesses, latest first in weight, and those of them that held. The first are invented.
  private double tried = 1;

  private double held = 0.5;

  /// Time gained, in nanoseconds, and the allowance; less what was lost.
  private double balance;

  /// How many of `available` guessed tokens to put into the next step; 0 for a plain one.
  int length(int available) {
    if (plainSteps < WARM_UP) {
      return 0;
    }
    int best = 0;
    double most = WORTH;
    for (int length = 1; length <= Math.min(available, MAX_LENGTH); length++) {
      double gain = expected(length) * nanos[0] / nanos(length);
      if (gain > most) {
        most = gain;
        best = length;
      }
    }
    int length = best > 0 ? best : Math.min(available, PROBE_LENGTH);
    boolean affordable = balance + nanos[0] >= nanos(length) - nanos[0];
    return affordable ? length : 0;
  }

  /// A step has taken so long.
  ///
  /// @param guessed tokens of it; 0 for a plain step
  /// @param right how many of them held, from the first on
  void measured(int guessed, int right, long time) {
    if (guessed == 0) {
      plainSteps++;
      balance += ALLOWANCE * time;
    } else {
      // A machine that stood still for a moment has not been a matter of guessing.
      balance += nanos[0] * (right + 1) - Math.min((double) time, 4 * nanos(guessed));
      slope += NEW * ((time / nanos[0] - 1) / guessed - slope);
      tried = (1 - NEW) * tried + Math.min(right + 1, guessed);
      held = (1 - NEW) * held + right;
    }
    if (guessed < nanos.length) {
      double known = nanos[guessed];
      nanos[guessed] =
          known == 0 ? time : known + NEW * (Math.min((double) time, 2 * known) - known);
    }
    balance = Math.min(balance, 2 * MAX_LENGTH * nanos[0]); // gains of long ago pay for nothing
  }

  private double nanos(int length) {
    return nanos[length] > 0 ? nanos[length] : nanos[0] * (1 + Math.max(0, slope) * length);
  }

  /// Tokens that a step with a guess of this length gives.
  private double expected(int length) {
    double probability = held / tried;
    double all = 1;
    double tokens = 1;
    for (int i = 0; i < length; i++) {
      all *= probability;
      tokens += all;
    }
    return tokens;
  }
}
