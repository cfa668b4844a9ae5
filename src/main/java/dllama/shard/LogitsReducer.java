package dllama.shard;

import dllama.model.LogitsWanted;
import dllama.model.LogitsWanted.Draw;
import dllama.model.LogitsWanted.DrawAny;
import dllama.shard.LogitsPart.Best;
import dllama.shard.LogitsPart.Candidates;
import dllama.shard.LogitsPart.Rows;
import dllama.shard.LogitsPart.Walked;
import dllama.shard.LogitsQuestion.Walk;
import dllama.shard.ShardPlan.Range;
import dllama.tensor.Finite;
import java.util.Arrays;

/// Makes of one rank's logits what the root has to be told of them. Used by one thread at a time;
/// allocates little once warm, and no arrays.
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
  /// @param logits `[wanted.rows(), vocabulary]`, or more rows
  public LogitsPart reduce(LogitsWanted wanted, float[] logits) {
    return switch (wanted) {
      case LogitsWanted.All _ -> new Rows(logits);
      case LogitsWanted.Best(int rows) -> best(rows, logits);
      case Draw(float temperature) -> candidates(wanted, temperature, logits);
      case DrawAny(float temperature, float _) -> candidates(wanted, temperature, logits);
      case LogitsWanted.Nothing _ -> throw new IllegalArgumentException("wanted=" + wanted);
    };
  }

  /// The same where not all logits are numbers: NaN in place of what would be told, with the token
  /// of one that is none.
  LogitsPart strayed(LogitsWanted wanted, float[] logits) {
    int size = vocabulary.size();
    Arrays.fill(values, Float.NaN);
    Arrays.fill(tokens, vocabulary.from());
    for (int row = wanted.rows() - 1; row >= 0; row--) {
      int other = Finite.firstOther(logits, row * size, size);
      if (other >= 0) {
        Arrays.fill(tokens, vocabulary.from() + other);
      }
    }
    return switch (wanted) {
      case LogitsWanted.Best(int rows) -> new Best(rows, tokens, values);
      case Draw _, DrawAny _ -> {
        Arrays.fill(sums, 0);
        yield new Candidates(Candidates.size(wanted, size), tokens, values, 0, sums);
      }
      case LogitsWanted.All _, LogitsWanted.Nothing _ -> reduce(wanted, logits);
    };
  }

  private Best best(int rows, float[] logits) {
    for (int row = 0; row < rows; row++) {
      int from = row * vocabulary.size();
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
  public Walked walk(DrawAny wanted, Walk question, float[] logits) {
    if (weighed.length == 0) {
      weighed = new double[vocabulary.size()];
    }
    weights.weigh(logits, weighed.length, wanted.temperature(), question.exponent(), weighed);
    float sum = question.sum();
    int last = -1;
    for (int i = 0; i < weighed.length && wanted.coin() >= sum; i++) {
      float probability = (float) (weighed[i] / question.total());
      if (probability > 0) {
        sum += probability;
        last = vocabulary.from() + i;
      }
    }
    return new Walked(sum, last);
  }

  private Candidates candidates(LogitsWanted wanted, float temperature, float[] logits) {
    top.select(logits, vocabulary.from(), Candidates.size(wanted, vocabulary.size()));
    top.get(tokens, values);
    Arrays.fill(sums, 0);
    int exponent = 0;
    if (!TokenWeights.certain(values[0], temperature)) {
      exponent = TokenWeights.exponent(values[0], temperature);
      weights.sum(logits, temperature, exponent, sums);
    }
    return new Candidates(top.size(), tokens, values, exponent, sums);
  }
}
