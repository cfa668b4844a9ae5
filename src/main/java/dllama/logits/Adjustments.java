package dllama.logits;

import dllama.model.Range;
import java.util.Arrays;

/// What some logits become before a token is chosen: `scaled + addend`, where `scaled` is the logit
/// over `factor` if positive, and times it otherwise, so that a factor above 1 makes every token
/// less likely. All others stay as the model gave them.
///
/// @param tokens ids, ascending
/// @param factors of each, positive; 1 changes nothing
/// @param addends of each
public record Adjustments(int[] tokens, float[] factors, float[] addends) {
  /// What a question about logits has room for.
  public static final int MAX = 4096;

  /// What a [run][dllama.step.Run] has room for; more are told with a question, after its step.
  public static final int MAX_OF_RUN = 128;

  public static final Adjustments NONE = new Adjustments(new int[0], new float[0], new float[0]);

  public Adjustments {
    int size = tokens.length;
    if (size > MAX || factors.length != size || addends.length != size) {
      throw new IllegalArgumentException("adjustments=" + size);
    }
    for (int i = 0; i < size; i++) {
      if (tokens[i] <= (i == 0 ? -1 : tokens[i - 1])
          || !(factors[i] > 0 && factors[i] < Float.POSITIVE_INFINITY)
          || !Float.isFinite(addends[i])) {
        throw new IllegalArgumentException(
            "token=%d factor=%s addend=%s".formatted(tokens[i], factors[i], addends[i]));
      }
    }
  }

  public int size() {
    return tokens.length;
  }

  public boolean isEmpty() {
    return tokens.length == 0;
  }

  /// What a logit becomes.
  public static float adjusted(float logit, float factor, float addend) {
    return (logit > 0 ? logit / factor : logit * factor) + addend;
  }

  /// Adjusts the logits of a rank.
  ///
  /// @param logits those of the tokens `of`, from place 0 on
  void apply(float[] logits, Range of) {
    int found = Arrays.binarySearch(tokens, of.from());
    for (int i = found < 0 ? ~found : found; i < tokens.length && tokens[i] < of.to(); i++) {
      int at = tokens[i] - of.from();
      logits[at] = adjusted(logits[at], factors[i], addends[i]);
    }
  }
}
