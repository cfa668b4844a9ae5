package dllama.logits;

import dllama.logits.LogitsWanted.DrawAny;

/// What one rank tells the root of its logits: as little as what is wanted can be made of.
///
/// Its arrays belong to the rank, and are valid until its next step.
public sealed interface LogitsPart {
  /// All of them.
  ///
  /// @param values those of the last token, `[rank's vocabulary]`
  record Rows(float[] values) implements LogitsPart {}

  /// The largest after each of the last tokens, of equal ones the first.
  ///
  /// @param rows in the arrays
  record Best(int rows, int[] tokens, float[] logits) implements LogitsPart {}

  /// The logits of given tokens, each after one of the last tokens, and the weight of all there.
  ///
  /// @param rows in the arrays
  /// @param logits of those tokens that are the rank's
  /// @param largest of each row
  /// @param sums of weights with temperature 1, `[rows, TokenWeights.BINS]`, see [TokenWeights]
  /// @param strayed token of a logit that is no number; −1 if all are
  record Given(int rows, float[] logits, float[] largest, long[] sums, int strayed)
      implements LogitsPart {}

  /// The residual stream of the last tokens after the final norm.
  ///
  /// @param values `[count, dim]`
  record States(int count, float[] values) implements LogitsPart {}

  /// The largest of the last token in order, of equal ones the first first, and the weight of all.
  ///
  /// @param size of the arrays' filled part: [#SIZE], or the rank's whole vocabulary
  /// @param exponent of the rank's largest weight, see [TokenWeights]
  /// @param sums `[TokenWeights.BINS]`
  record Candidates(int size, int[] tokens, float[] logits, int exponent, long[] sums)
      implements LogitsPart {
    /// So many tokens have 90 % of the probability together unless the model has no idea; 1 kB.
    public static final int SIZE = 128;

    /// How many a rank tells of: where every token may be drawn, only the largest is of use.
    ///
    /// @param vocabulary of the rank
    static int size(LogitsWanted wanted, int vocabulary) {
      return wanted instanceof DrawAny ? 1 : Math.min(SIZE, vocabulary);
    }

    /// Adds the weights to those of other ranks.
    ///
    /// @param top exponent of the largest weight of all
    /// @param all `[TokenWeights.BINS]`
    void addTo(long[] all, int top) {
      TokenWeights.add(sums, 0, exponent, all, top);
    }
  }

  /// How far a rank has come in adding up probabilities, see [LogitsQuestion.Walk].
  ///
  /// @param sum up to and with `last`
  /// @param last token of a probability above 0 that was added; −1 if the rank has none
  record Walked(float sum, int last) implements LogitsPart {}

  /// What [LogitsQuestion.Unadjusted] asks for.
  ///
  /// @param logit of the token, if it is the rank's
  /// @param largest weighed with temperature 1
  record Unadjusted(float logit, Candidates largest) implements LogitsPart {}
}
