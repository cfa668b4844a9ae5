package dllama.step;

/// Where a run finds the state of its sequence, and where it leaves it, of models that have a state
/// beside keys and values ([dllama.model.DeltaNet]). A run that leaves it elsewhere than it found
/// it may be done again, and what it found is there for others.
///
/// @param from place of the state before the first token; [#NONE] at the beginning of a text
/// @param to place of the state after the last token
public record RunState(int from, int to) {
  /// No place: before the first token of a text there is nothing.
  public static final int NONE = -1;

  private static final RunState FIRST = new RunState(NONE, 0);
  private static final RunState NEXT = new RunState(0, 0);

  public RunState {
    if (from < NONE || to < 0) {
      throw new IllegalArgumentException("from=%d to=%d".formatted(from, to));
    }
  }

  /// That of a sequence that has the first place to itself.
  public static RunState alone(int position) {
    return position == 0 ? FIRST : NEXT;
  }

  /// That of the rest of a run whose first rows are computed before.
  public RunState rest() {
    return new RunState(to, to);
  }
}
