package dllama.logits;

import dllama.logits.LogitsPart.Candidates;
import dllama.logits.LogitsPart.Rows;
import dllama.logits.LogitsPart.Walked;
import dllama.logits.LogitsQuestion.Everything;
import dllama.logits.LogitsQuestion.Walk;
import dllama.model.Range;
import java.util.Arrays;

/// Whether what a rank tells is what was wanted or asked of it; nothing from the network is
/// trusted.
public final class LogitsCheck {
  private LogitsCheck() {}

  /// Whether this was wanted.
  ///
  /// @param range the rank's token ids
  /// @param dim of the model
  public static boolean fits(LogitsPart part, LogitsWanted wanted, Range range, int dim) {
    return switch (part) {
      case Rows(float[] row) -> wanted instanceof LogitsWanted.All && row.length == range.size();
      case LogitsPart.Best(int rows, int[] ids, float[] _) ->
          wanted instanceof LogitsWanted.Best(int asked)
              && rows == asked
              && within(range, ids, rows);
      case LogitsPart.Given given ->
          wanted instanceof LogitsWanted.Given(int[] tokens)
              && given.rows() == tokens.length
              && (range.has(given.strayed()) || (given.strayed() < 0 && areNumbers(given)));
      case LogitsPart.States(int count, float[] values) ->
          wanted instanceof LogitsWanted.States(int asked)
              && count == asked
              && values.length == (long) count * dim;
      case Candidates(int size, int[] ids, float[] _, int _, long[] _) ->
          (wanted instanceof LogitsWanted.Draw || wanted instanceof LogitsWanted.DrawAny)
              && size == Candidates.size(wanted, range.size())
              && within(range, ids, size);
      case Walked _, LogitsPart.Unadjusted _ -> false;
    };
  }

  /// Whether this answers a question.
  ///
  /// @param range the token ids of the rank, which was asked
  public static boolean fits(LogitsPart part, LogitsQuestion question, Range range) {
    return switch (question) {
      case Everything _ -> part instanceof Rows(float[] row) && row.length == range.size();
      case Walk walk ->
          part instanceof Walked(float sum, int token)
              && (token < 0 ? sum == walk.sum() : range.has(token) && sum >= walk.sum());
      case LogitsQuestion.Adjusted(var wanted, var _, var _) -> fits(part, wanted, range, 0);
      case LogitsQuestion.Unadjusted(int token, int top) ->
          part instanceof LogitsPart.Unadjusted(float logit, Candidates largest)
              && largest.size() == Math.min(top, range.size())
              && within(range, largest.tokens(), largest.size())
              && (!range.has(token) || Float.isFinite(logit))
              && Float.isFinite(largest.logits()[0]);
    };
  }

  private static boolean areNumbers(LogitsPart.Given given) {
    boolean all = true;
    for (int row = 0; row < given.rows(); row++) {
      all &= Float.isFinite(given.logits()[row]) && Float.isFinite(given.largest()[row]);
    }
    return all && Arrays.stream(given.sums()).allMatch(sum -> sum >= 0);
  }

  private static boolean within(Range range, int[] ids, int size) {
    for (int i = 0; i < size; i++) {
      if (!range.has(ids[i])) {
        return false;
      }
    }
    return true;
  }
}
