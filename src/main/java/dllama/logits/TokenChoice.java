package dllama.logits;

import dllama.error.UserException;
import dllama.logits.LogitsPart.Candidates;
import dllama.logits.LogitsPart.Rows;
import dllama.logits.LogitsPart.Walked;
import dllama.logits.LogitsQuestion.Everything;
import dllama.logits.LogitsQuestion.Walk;
import dllama.model.NotFinite;
import dllama.model.Range;
import dllama.tensor.Finite;
import java.util.Arrays;
import java.util.List;

/// Chooses tokens from what ranks tell of the logits of a run, and asks for more where that does
/// not suffice. What is chosen does not depend on how the vocabulary is cut over ranks, nor on
/// whether the ranks' candidates sufficed. A logit that is no number ends that with a
/// [UserException]. Used by one thread, which waits for answers.
public final class TokenChoice {
  /// What is tried with all logits at hand before everything is put in order, which takes time.
  private static final int MANY = 8192;

  private final long[] sums = new long[TokenWeights.BINS];
  private final TokenWeights weights = new TokenWeights();
  private final TopLogits top = new TopLogits();
  private int[] tokens = {};
  private float[] values = {};
  private double[] weighed = {};

  /// The most probable token after each of the last tokens, as many as were wanted.
  public int[] best(RunLogits of) {
    check(of);
    int[] best = new int[((LogitsPart.Best) of.parts().getFirst()).rows()];
    for (int row = 0; row < best.length; row++) {
      float max = Float.NEGATIVE_INFINITY;
      for (LogitsPart part : of.parts()) {
        LogitsPart.Best told = (LogitsPart.Best) part;
        if (told.logits()[row] > max) {
          max = told.logits()[row];
          best[row] = told.tokens()[row];
        }
      }
    }
    return best;
  }

  /// All logits of the last token, which were wanted.
  public float[] all(RunLogits of) {
    float[] all = joined(of.vocabulary(), of.parts());
    int strayed = Finite.firstOther(all, 0, all.length);
    if (strayed >= 0) {
      throw strayed(strayed);
    }
    return all;
  }

  /// Ranks tell NaN where not all of their logits are numbers.
  private static void check(RunLogits of) {
    for (LogitsPart part : of.parts()) {
      if (part instanceof LogitsPart.Best best && Float.isNaN(best.logits()[0])) {
        throw strayed(best.tokens()[0]);
      }
      if (part instanceof Candidates candidates && Float.isNaN(candidates.logits()[0])) {
        throw strayed(candidates.tokens()[0]);
      }
    }
  }

  private static UserException strayed(int token) {
    return NotFinite.at("the logit of token " + token);
  }

  private static float[] joined(List<Range> vocabulary, List<LogitsPart> parts) {
    float[] all = new float[vocabulary.getLast().to()];
    for (int rank = 0; rank < parts.size(); rank++) {
      Range range = vocabulary.get(rank);
      System.arraycopy(((Rows) parts.get(rank)).values(), 0, all, range.from(), range.size());
    }
    return all;
  }

  /// A token drawn from the most probable ones.
  public int draw(RunLogits of, float temperature, Drawer drawer) {
    check(of);
    int token = fromCandidates(of, temperature, drawer);
    if (token < 0) {
      float[] all = joined(of.vocabulary(), of.asker().ask(new Everything()));
      token = fromAll(all, temperature, drawer);
    }
    return token;
  }

  private int fromCandidates(RunLogits of, float temperature, Drawer drawer) {
    int count = 0;
    for (LogitsPart part : of.parts()) {
      count += ((Candidates) part).size();
    }
    long[] keys = new long[count];
    long known = Long.MIN_VALUE; // what lies below may be behind candidates that were not sent
    count = 0;
    for (int rank = 0; rank < of.parts().size(); rank++) {
      Candidates told = (Candidates) of.parts().get(rank);
      for (int i = 0; i < told.size(); i++) {
        keys[count++] = TopLogits.key(told.logits()[i], told.tokens()[i]);
      }
      if (told.size() < of.vocabulary().get(rank).size()) {
        known = Math.max(known, keys[count - 1]);
      }
    }
    Arrays.sort(keys);
    reserve(count);
    int size = 0;
    while (size < count && keys[count - 1 - size] >= known) {
      long key = keys[count - 1 - size];
      tokens[size] = TopLogits.token(key);
      values[size++] = TopLogits.logit(key);
    }
    if (TokenWeights.certain(values[0], temperature)) {
      return certain(drawer);
    }
    int exponent = sumAll(of.parts(), values[0], temperature);
    return draw(size, temperature, exponent, of.vocabSize(), drawer);
  }

  /// The sums of what ranks have told; their exponent.
  private int sumAll(List<LogitsPart> parts, float largest, float temperature) {
    int exponent = TokenWeights.exponent(largest, temperature);
    Arrays.fill(sums, 0);
    for (LogitsPart part : parts) {
      ((Candidates) part).addTo(sums, exponent);
    }
    return exponent;
  }

  private int fromAll(float[] logits, float temperature, Drawer drawer) {
    int token = -1;
    for (int count = Math.min(MANY, logits.length); token < 0; count = logits.length) {
      reserve(count);
      top.select(logits, 0, logits.length, 0, count);
      top.get(tokens, values);
      if (TokenWeights.certain(values[0], temperature)) {
        return certain(drawer);
      }
      int exponent = TokenWeights.exponent(values[0], temperature);
      Arrays.fill(sums, 0);
      weights.sum(logits, 0, logits.length, temperature, exponent, sums);
      token = draw(count, temperature, exponent, logits.length, drawer);
    }
    return token;
  }

  private int draw(int size, float temperature, int exponent, int vocabSize, Drawer drawer) {
    weights.weigh(values, 0, size, temperature, exponent, weighed);
    return drawer.draw(
        new Drawer.Candidates(tokens, weighed, size, TokenWeights.total(sums), vocabSize));
  }

  private int certain(Drawer drawer) {
    weighed[0] = 1;
    return drawer.draw(new Drawer.Candidates(tokens, weighed, 1, 1, 1));
  }

  /// A token drawn from all: the first, in the order of ids, with which the probabilities add up to
  /// more than `coin`. Ranks add up theirs one after the other, see [Walk].
  ///
  /// @param coin from 0 to below 1
  public int drawAny(RunLogits of, float temperature, float coin) {
    check(of);
    long largest = Long.MIN_VALUE;
    for (LogitsPart part : of.parts()) {
      Candidates told = (Candidates) part;
      largest = Math.max(largest, TopLogits.key(told.logits()[0], told.tokens()[0]));
    }
    float logit = TopLogits.logit(largest);
    if (TokenWeights.certain(logit, temperature)) {
      return TopLogits.token(largest);
    }
    int exponent = sumAll(of.parts(), logit, temperature);
    double total = TokenWeights.total(sums);
    int last = 0; // where the floats add up to less than the coin
    float sum = 0;
    for (int rank = 0; rank < of.vocabulary().size() && coin >= sum; rank++) {
      var question = new Walk(rank, temperature, coin, exponent, total, sum);
      Walked walked = (Walked) of.asker().ask(question).getFirst();
      last = walked.last() < 0 ? last : walked.last();
      sum = walked.sum();
    }
    return last;
  }

  private void reserve(int size) {
    if (tokens.length < size) {
      tokens = new int[size];
      values = new float[size];
      weighed = new double[size];
    }
  }
}
