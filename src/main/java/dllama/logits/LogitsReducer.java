package dllama.logits;

import dllama.logits.LogitsPart.Best;
import dllama.logits.LogitsPart.Candidates;
import dllama.logits.LogitsPart.Given;
import dllama.logits.LogitsPart.Rows;
import dllama.logits.LogitsPart.Unadjusted;
import dllama.logits.LogitsPart.Walked;
import dllama.logits.LogitsQuestion.Walk;
import dllama.logits.LogitsWanted.Draw;
import dllama.logits.LogitsWanted.DrawAny;
import dllama.model.Range;
import dllama.tensor.Finite;
import java.util.Arrays;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// Makes of the logits that one rank has of one run what the root has to be told of them, and
/// answers questions about them until the next step. The logits themselves stay as they are: those
/// that are adjusted are a copy. Used by one thread at a time; allocates little once warm, and no
/// arrays but where all logits are wanted.
public final class LogitsReducer {
  private final Range vocabulary;
  private final TokenWeights weights = new TokenWeights();
  private final TopLogits top = new TopLogits();
  private final long[] sums = new long[TokenWeights.BINS];
  private final int[] tokens = new int[Candidates.SIZE];
  private final float[] values = new float[Candidates.SIZE];

  /// Only there where given tokens are asked for, by row.
  private long[] givenSums = {};

  private final float[] largest = new float[LogitsWanted.Given.MAX_ROWS];

  /// Only there where every token may be drawn.
  private double[] weighed = {};

  /// As the model gave them, and where the run's begin.
  private float[] given = {};

  private int givenAt;

  /// As they are chosen from: those given, or `adjusted`.
  private float[] logits = {};

  private int at;

  /// Only there where logits are adjusted.
  private float[] adjusted = {};

  /// @param vocabulary the token ids of the rank's logits
  public LogitsReducer(Range vocabulary) {
    this.vocabulary = vocabulary;
  }

  /// What the root has to be told after a step.
  ///
  /// @param adjustments of the run; none where more than one of its rows is wanted
  /// @param all `[rows, vocabulary]`
  /// @param row the first of the `wanted.rows()` that are the run's
  public LogitsPart reduce(LogitsWanted wanted, Adjustments adjustments, float[] all, int row) {
    given = all;
    givenAt = row * vocabulary.size();
    adjust(adjustments, null);
    return reduce(wanted);
  }

  /// The answer to a question about the logits reduced last.
  public LogitsPart answer(LogitsQuestion question) {
    return switch (question) {
      case LogitsQuestion.Everything _ -> reduce(new LogitsWanted.All());
      case Walk walk -> walk(walk);
      case LogitsQuestion.Adjusted(var wanted, var adjustments, var allowed) -> {
        adjust(adjustments, allowed);
        yield reduce(wanted);
      }
      case LogitsQuestion.Unadjusted(int token, int count) -> {
        Candidates largest = candidates(Math.min(count, vocabulary.size()), 1, given, givenAt);
        boolean own = vocabulary.has(token);
        yield new Unadjusted(own ? given[givenAt + token - vocabulary.from()] : 0, largest);
      }
    };
  }

  private void adjust(Adjustments adjustments, @Nullable BitSet allowed) {
    logits = given;
    at = givenAt;
    if (adjustments.isEmpty() && allowed == null) {
      return;
    }
    int size = vocabulary.size();
    if (adjusted.length == 0) {
      adjusted = new float[size];
    }
    System.arraycopy(given, givenAt, adjusted, 0, size);
    logits = adjusted;
    at = 0;
    adjustments.apply(logits, vocabulary);
    if (allowed != null) {
      for (int from = allowed.nextClearBit(0); from < size; ) {
        int next = allowed.nextSetBit(from);
        int to = next < 0 ? size : Math.min(next, size);
        Arrays.fill(logits, from, to, Float.NEGATIVE_INFINITY);
        from = allowed.nextClearBit(to);
      }
    }
  }

  private LogitsPart reduce(LogitsWanted wanted) {
    return switch (wanted) {
      case LogitsWanted.All _ -> new Rows(Arrays.copyOfRange(logits, at, at + vocabulary.size()));
      case LogitsWanted.Best(int rows) -> best(rows);
      case LogitsWanted.Given(int[] of) -> given(of);
      case Draw(float temperature) -> candidates(size(wanted), temperature, logits, at);
      case DrawAny(float temperature) -> candidates(size(wanted), temperature, logits, at);
      case LogitsWanted.Nothing _, LogitsWanted.States _ ->
          throw new IllegalArgumentException("wanted=" + wanted);
    };
  }

  private int size(LogitsWanted wanted) {
    return Candidates.size(wanted, vocabulary.size());
  }

  /// As [#reduce] where not all logits are numbers: NaN in place of what would be told, with the
  /// token of one that is none. The same as that where those of this run are.
  public LogitsPart strayed(LogitsWanted wanted, Adjustments adjustments, float[] all, int row) {
    int size = vocabulary.size();
    int token = -1;
    for (int last = row + wanted.rows() - 1; last >= row; last--) {
      int other = Finite.firstOther(all, last * size, size);
      token = other >= 0 ? vocabulary.from() + other : token;
    }
    if (token < 0) {
      return reduce(wanted, adjustments, all, row);
    }
    Arrays.fill(values, Float.NaN);
    Arrays.fill(tokens, token);
    return switch (wanted) {
      case LogitsWanted.Best(int rows) -> new Best(rows, tokens, values);
      case LogitsWanted.Given(int[] of) -> new Given(of.length, values, values, noSums(), token);
      case Draw _, DrawAny _ -> {
        Arrays.fill(sums, 0);
        yield new Candidates(size(wanted), tokens, values, 0, sums);
      }
      case LogitsWanted.All _, LogitsWanted.Nothing _, LogitsWanted.States _ ->
          reduce(wanted, Adjustments.NONE, all, row);
    };
  }

  private Best best(int rows) {
    for (int row = 0; row < rows; row++) {
      int from = at + row * vocabulary.size();
      int best = from;
      float max = Float.NEGATIVE_INFINITY;
      for (int i = from; i < from + vocabulary.size(); i++) {
        if (logits[i] > max) {
          max = logits[i];
          best = i;
        }
      }
      tokens[row] = vocabulary.from() + best - from;
      values[row] = max;
    }
    return new Best(rows, tokens, values);
  }

  private Given given(int[] of) {
    int size = vocabulary.size();
    long[] rowSums = noSums();
    for (int row = 0; row < of.length; row++) {
      int from = at + row * size;
      float max = Float.NEGATIVE_INFINITY;
      for (int i = from; i < from + size; i++) {
        max = Math.max(max, logits[i]);
      }
      if (!TokenWeights.certain(max, 1)) {
        Arrays.fill(sums, 0);
        weights.sum(logits, from, size, 1, TokenWeights.exponent(max, 1), sums);
        System.arraycopy(sums, 0, rowSums, row * TokenWeights.BINS, TokenWeights.BINS);
      }
      largest[row] = max;
      values[row] = vocabulary.has(of[row]) ? logits[from + of[row] - vocabulary.from()] : 0;
    }
    return new Given(of.length, values, largest, rowSums, -1);
  }

  private long[] noSums() {
    if (givenSums.length == 0) {
      givenSums = new long[LogitsWanted.Given.MAX_ROWS * TokenWeights.BINS];
    }
    Arrays.fill(givenSums, 0);
    return givenSums;
  }

  /// Adds up probabilities of the last token's logits.
  private Walked walk(Walk question) {
    if (weighed.length == 0) {
      weighed = new double[vocabulary.size()];
    }
    weights.weigh(logits, at, weighed.length, question.temperature(), question.exponent(), weighed);
    float sum = question.sum();
    int last = -1;
    for (int i = 0; i < weighed.length && question.coin() >= sum; i++) {
      float probability = (float) (weighed[i] / question.total());
      if (probability > 0) {
        sum += probability;
        last = vocabulary.from() + i;
      }
    }
    return new Walked(sum, last);
  }

  private Candidates candidates(int count, float temperature, float[] of, int from) {
    int all = vocabulary.size();
    top.select(of, from, all, vocabulary.from(), count);
    top.get(tokens, values);
    Arrays.fill(sums, 0);
    int exponent = 0;
    if (!TokenWeights.certain(values[0], temperature)) {
      exponent = TokenWeights.exponent(values[0], temperature);
      weights.sum(of, from, all, temperature, exponent, sums);
    }
    return new Candidates(top.size(), tokens, values, exponent, sums);
  }
}
