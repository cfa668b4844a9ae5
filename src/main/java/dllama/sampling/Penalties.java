package dllama.sampling;

/// How much less likely tokens become that were there already.
///
/// @param repeat a logit of one of the latest `repeatLast` tokens, prompt or answer, is divided by
///     this if it is positive, else multiplied by it; 1 changes nothing
/// @param repeatLast at most [#MOST_LAST]
/// @param presence taken from the logits of the answer's tokens, once
/// @param frequency taken from the logits of the answer's tokens, as often as they are there
public record Penalties(float repeat, int repeatLast, float presence, float frequency) {
  /// As far back as `repeat` may look.
  public static final int MOST_LAST = 1024;

  /// As far back as `presence` and `frequency` look, in tokens of the answer.
  public static final int ANSWER_WINDOW = 2048;

  /// None.
  public static final Penalties NONE = new Penalties(1, 0, 0, 0);

  public Penalties {
    if (!(repeat > 0 && repeat < Float.POSITIVE_INFINITY)
        || repeatLast < 0
        || repeatLast > MOST_LAST
        || !Float.isFinite(presence)
        || !Float.isFinite(frequency)) {
      throw new IllegalArgumentException(
          "repeat=%s repeatLast=%d presence=%s frequency=%s"
              .formatted(repeat, repeatLast, presence, frequency));
    }
  }

  /// Whether they change anything.
  public boolean isNone() {
    return !repeats() && !counts();
  }

  /// Whether what the latest tokens were matters.
  public boolean repeats() {
    return repeat != 1 && repeatLast > 0;
  }

  /// Whether how often the answer has a token matters.
  public boolean counts() {
    return presence != 0 || frequency != 0;
  }
}
