package dllama.generation;

import dllama.logits.LogitsWanted;
import org.jspecify.annotations.Nullable;

/// Guessing tokens ahead of the model: a step computes what follows each of some guessed tokens in
/// little more time than one token takes, and those that it agrees with are free. The answer is the
/// same, token by token. With greedy sampling only.
///
/// One sequence's at a time; keeps what was measured from one to the next.
public final class Speculation {
  private static final int[] NOTHING = {};

  private final @Nullable Drafter drafter;
  private final @Nullable SpeculationPace pace;

  private Speculation(@Nullable Drafter drafter, @Nullable SpeculationPace pace) {
    this.drafter = drafter;
    this.pace = pace;
  }

  /// Token by token.
  public static Speculation off() {
    return new Speculation(null, null);
  }

  /// Prompt lookup whenever there is a guess.
  public static Speculation always() {
    return unpaced(new PromptLookup());
  }

  /// Prompt lookup as far as it pays.
  public static Speculation auto() {
    return auto(new PromptLookup());
  }

  /// Guesses of `drafter`, as far as they pay.
  public static Speculation auto(Drafter drafter) {
    return new Speculation(drafter, new SpeculationPace());
  }

  /// All guesses of `drafter`.
  static Speculation unpaced(Drafter drafter) {
    return new Speculation(drafter, null);
  }

  /// As a setting says.
  ///
  /// @param on null for as far as it pays
  public static Speculation of(@Nullable Boolean on) {
    if (on == null) {
      return auto();
    }
    return on ? always() : off();
  }

  /// @param repeats whether a step is done again without its guesses if one of them was wrong
  void begin(int[] tokens, boolean repeats) {
    if (drafter != null) {
      drafter.begin(tokens);
    }
    if (pace != null) {
      pace.begin(repeats);
    }
  }

  void follow(int token) {
    if (drafter != null) {
      drafter.follow(token);
    }
  }

  /// Tokens to try in the next step, at most `room`; often none.
  ///
  /// @param rows of the step without them
  int[] draft(int room, int rows, StepPace steps) {
    int most = Math.min(room, Math.min(SpeculationPace.MAX_LENGTH, LogitsWanted.Best.MAX_ROWS - 1));
    if (drafter == null || most < 1) {
      return NOTHING;
    }
    int length = pace == null ? most : pace.length(most, rows, steps);
    return length < 1 ? NOTHING : drafter.draft(length);
  }

  /// What became of a step; told before `steps` is.
  ///
  /// @param rows of it without the guessed ones
  void measured(int guessed, int right, int rows, long nanos, StepPace steps) {
    if (pace != null) {
      pace.measured(guessed, right, rows, nanos, steps);
    }
  }
}
