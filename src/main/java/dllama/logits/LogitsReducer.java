package dllama.logits;

import dllama.logits.LogitsPart.Best;
import dllama.logits.LogitsPart.Candidates;
import dllama.logits.LogitsPart.Rows;
import dllama.logits.LogitsPart.Walked;
import dllama.logits.LogitsQuestion.Walk;
import dllama.logits.LogitsWanted.Draw;
import dllama.logits.LogitsWanted.DrawAny;
import dllama.model.Range;
import dllama.tensor.Finite;
import java.util.Arrays;

/// Makes of the logits that one rank has of one run what the root has to be told of them. Used by
/// one thread at a time; allocates little once warm, and no arrays but where all logits are wanted.
public final class LogitsReducer {
  private final Range vocabulary;
  private final TokenWeights weights = new TokenWeights();
  private final TopLogits top = new TopLogits();
  private final long[] sums = new long[TokenWeights.BINS];
  private final int[] tokens = new int[Candidates.SIZE];
  private final float[] values = new float[Candidates.SIZE];

  /// Only there where every token may be drawn.
  private double[] weighed = {};

  /// @param vocabulary the token ids of the rank's logits
  public LogitsReducer(Range vocabulary) {
    this.vocabulary = vocabulary;
  }

  /// What the root has to be told.
  ///
  /// @param logits `[rows, vocabulary]`
  /// @param row the first of the `wanted.rows()` that are the run's
  public LogitsPart reduce(LogitsWanted wanted, float[] logits, int row) {
    int at = row * vocabulary.size();
    return switch (wanted) {
      case LogitsWanted.All _ -> new Rows(Arrays.copyOfRange(logits, at, at + vocabulary.size()));
      case LogitsWanted.Best(int rows) -> best(rows, logits, at);
      case Draw(float temperature) -> candidates(wanted, temperature, logits, at);
      case DrawAny(float temperature) -> candidates(wanted, temperature, logits, at);
      case LogitsWanted.Nothing _ -> throw new IllegalArgumentException("wanted=" + wanted);
    };
  }

  /// The same where not all logits are numbers: NaN in place of what would be told, with the token
  /// of one that is none. As [#reduce] where those of this run are.
  public LogitsPart strayed(LogitsWanted wanted, float[] logits, int row) {
    int size = vocabulary.size();
    int token = -1;
    for (int last = row + wanted.rows() - 1; last >= row; last--) {
      int other = Finite.firstOther(logits, last * size, size);
      token = other >= 0 ? vocabulary.from() + other : token;
    }
    if (token < 0) {
      return reduce(wanted, logits, row);
    }
    Arrays.fill(values, Float.NaN);
    Arrays.fill(tokens, token);
    return switch (wanted) {
      case LogitsWanted.Best(int rows) -> new Best(rows, tokens, values);
      case Draw _, DrawAny _ -> {
        Arrays.fill(sums, 0);
        yield new Candidates(Candidates.size(wanted, size), tokens, values, 0, sums);
      }
      case LogitsWanted.All _, LogitsWanted.Nothing _ -> reduce(wanted, logits, row);
    };
  }

  private Best best(int rows, float[] logits, int at) {
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

  /// Adds up probabilities of the last token's logits.
  public Walked walk(Walk question, float[] logits, int row) {
    if (weighed.length == 0) {
      weighed = new double[vocabulary.size()];
    }
    int at = row * vocabulary.size();
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

  private Candidates candidates(LogitsWanted wanted, float temperature, float[] logits, int at) {
    int all = vocabulary.size();
    top.select(logits, at, all, vocabulary.from(), Candidates.size(wanted, all));
    top.get(tokens, values);
    Arrays.fill(sums, 0);
    int exponent = 0;
    if (!TokenWeights.certain(values[0], temperature)) {
      exponent = TokenWeights.exponent(values[0], temperature);
      weights.sum(logits, at, all, temperature, exponent, sums);
    }
    return new Candidates(top.size(), tokens, values, exponent, sums);
  }
}
