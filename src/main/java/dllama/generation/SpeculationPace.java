package dllama.generation;

/// Decides how many tokens to guess in a step, by what steps take and how many guesses hold; both
/// are measured as they go. Speculation lives on what it has gained, and on 1 % of the time of
/// steps without guesses, so that it can neither cost more than that nor miss that a text has
/// become predictable. Where a step is wide already, a row more costs as much as it may gain, and
/// nothing is guessed. No clock of its own.
final class SpeculationPace {
  /// The most tokens that are guessed in a step.
  static final int MAX_LENGTH = 8;

  private static final double ALLOWANCE = 0.01;

  /// Below this gain a guess is taken for none.
  private static final double WORTH = 1.05;

  /// A guess to find out whether guesses hold.
  private static final int PROBE_LENGTH = 2;

  /// Weight of a new measurement.
  private static final double NEW = 0.2;

  /// Guesses, latest first in weight, and those of them that held. The first are invented.
  private double tried = 1;

  private double held = 0.5;

  /// Time gained, in nanoseconds, and the allowance; less what was lost.
  private double balance;

  /// Whether what a step gave beside a wrong guess is computed again in the next one.
  private boolean repeats;

  void begin(boolean repeated) {
    repeats = repeated;
  }

  /// How many of `available` guessed tokens to put into the next step; 0 for none.
  ///
  /// @param rows of the step without them
  int length(int available, int rows, StepPace steps) {
    if (!steps.knows(rows)) {
      return 0;
    }
    double plain = steps.nanos(rows);
    int best = 0;
    double most = WORTH;
    for (int length = 1; length <= Math.min(available, MAX_LENGTH); length++) {
      double tokens = rows - 1 + expected(length);
      double gain = tokens / rows * plain / cost(rows, length, steps);
      if (gain > most) {
        most = gain;
        best = length;
      }
    }
    int length = best > 0 ? best : Math.min(available, PROBE_LENGTH);
    boolean affordable = balance + plain >= cost(rows, length, steps) - plain;
    return affordable ? length : 0;
  }

  /// A step has taken so long; told before [StepPace] is.
  ///
  /// @param guessed tokens of it; 0 for a step without
  /// @param right how many of them held, from the first on
  /// @param rows of the step without them
  void measured(int guessed, int right, int rows, long time, StepPace steps) {
    double plain = steps.nanos(rows);
    if (guessed == 0) {
      balance += ALLOWANCE * time;
    } else {
      // A machine that stood still for a moment has not been a matter of guessing.
      double counted = Math.min((double) time, 4 * steps.nanos(rows + guessed));
      balance += plain * right / rows + plain - counted;
      balance -= right < guessed ? again(rows, right + 1, steps) : 0;
      tried = (1 - NEW) * tried + Math.min(right + 1, guessed);
      held = (1 - NEW) * held + right;
    }
    balance = Math.min(balance, 2 * MAX_LENGTH * plain); // gains of long ago pay for nothing
  }

  /// What the next step takes longer for so many tokens of this one, after a wrong guess.
  private double again(int rows, int tokens, StepPace steps) {
    return repeats ? steps.nanos(rows + tokens) - steps.nanos(rows) : 0;
  }

  /// What a step with a guess of this length takes, here and in the next step.
  private double cost(int rows, int length, StepPace steps) {
    double wrong = 1 - Math.pow(held / tried, length);
    return steps.nanos(rows + length) + wrong * again(rows, length, steps);
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
