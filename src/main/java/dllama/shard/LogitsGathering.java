package dllama.shard;

import dllama.model.Batch;
import dllama.model.Drawer;
import dllama.model.LogitsWanted.All;
import dllama.model.LogitsWanted.Best;
import dllama.model.LogitsWanted.Draw;
import dllama.model.LogitsWanted.Nothing;
import dllama.shard.LogitsPart.Candidates;
import dllama.shard.LogitsPart.Rows;
import dllama.shard.ShardPlan.Range;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The root's side of the logits of one step after the other: puts together what ranks tell of
/// them, and chooses. What is chosen does not depend on how the vocabulary is cut over ranks, nor
/// on whether the ranks' candidates sufficed. Not thread-safe.
///
/// ```
/// gathering.begin(batch);
/// put(rank, part) of every rank;
/// if (!gathering.choose()) {           // rarely: candidates that do not suffice
///   put(rank, rows) of every rank;
///   gathering.choose();
/// }
/// ```
public final class LogitsGathering {
  private static final float[] NO_LOGITS = {};
  private static final int[] NO_TOKENS = {};

  /// What is tried with all logits at hand before everything is put in order, which takes time.
  private static final int MANY = 8192;

  private final List<Range> vocabulary;
  private final int vocabSize;
  private final float[] logits;
  private final @Nullable LogitsPart[] parts;
  private final long[] sums = new long[TokenWeights.BINS];
  private final TokenWeights weights = new TokenWeights();
  private final TopLogits top = new TopLogits();
  private int[] tokens = {};
  private float[] values = {};
  private double[] weighed = {};
  private Batch batch = new Batch(NO_TOKENS, 0, false);
  private boolean wantsRows;
  private int[] chosen = NO_TOKENS;

  /// @param vocabulary the ranks' token ids, in rank order, without gaps
  public LogitsGathering(List<Range> vocabulary) {
    this.vocabulary = List.copyOf(vocabulary);
    vocabSize = vocabulary.getLast().to();
    logits = new float[vocabSize];
    parts = new LogitsPart[vocabulary.size()];
  }

  public static LogitsGathering of(ShardPlan plan) {
    return new LogitsGathering(
        IntStream.range(0, plan.worldSize()).mapToObj(plan::vocabulary).toList());
  }

  /// A new step.
  public void begin(Batch next) {
    batch = next;
    chosen = NO_TOKENS;
    wantsRows =
        switch (next.wanted()) {
          case All _ -> true;
          case Draw(float _, boolean everything) -> everything;
          case Nothing _, Best _ -> false;
        };
    Arrays.fill(parts, null);
  }

  /// Takes in what a rank tells; copies nothing but rows.
  ///
  /// @return false if that is not what the step waits for; it is then dropped
  public boolean put(int rank, LogitsPart part) {
    if (rank < 0
        || rank >= parts.length
        || parts[rank] != null
        || !fits(vocabulary.get(rank), part)) {
      return false;
    }
    if (part instanceof Rows(float[] row)) {
      System.arraycopy(row, 0, logits, vocabulary.get(rank).from(), row.length);
    }
    parts[rank] = part;
    return true;
  }

  private boolean fits(Range range, LogitsPart part) {
    return switch (part) {
      case Rows(float[] row) -> wantsRows && row.length == range.size();
      case LogitsPart.Best(int rows, int[] ids, float[] _) ->
          batch.wanted() instanceof Best(int wanted) && rows == wanted && within(range, ids, rows);
      case Candidates(int size, int[] ids, float[] _, int _, long[] _) ->
          batch.wanted() instanceof Draw
              && !wantsRows
              && size == Math.min(Candidates.SIZE, range.size())
              && within(range, ids, size);
    };
  }

  private static boolean within(Range range, int[] ids, int size) {
    for (int i = 0; i < size; i++) {
      if (ids[i] < range.from() || ids[i] >= range.to()) {
        return false;
      }
    }
    return true;
  }

  /// The first rank that has yet to tell; −1 if none has.
  public int missingRank() {
    if (batch.wanted() instanceof Nothing) {
      return -1;
    }
    for (int rank = 0; rank < parts.length; rank++) {
      if (parts[rank] == null) {
        return rank;
      }
    }
    return -1;
  }

  /// Chooses, once no rank is missing.
  ///
  /// @return false if that takes all logits: then every rank's rows are missing from now on
  public boolean choose() {
    return switch (batch.wanted()) {
      case Nothing _, All _ -> true;
      case Best(int rows) -> {
        chosen = best(rows);
        yield true;
      }
      case Draw draw -> draw(draw, Objects.requireNonNull(batch.drawer()));
    };
  }

  /// What was chosen: a token after each of the last ones; empty if that was not wanted.
  public int[] chosen() {
    return chosen;
  }

  /// All logits if they were wanted, otherwise empty.
  public float[] logits() {
    return batch.wanted() instanceof All ? logits : NO_LOGITS;
  }

  private int[] best(int rows) {
    int[] best = new int[rows];
    for (int row = 0; row < rows; row++) {
      float max = Float.NEGATIVE_INFINITY;
      for (LogitsPart part : parts) {
        LogitsPart.Best of = (LogitsPart.Best) Objects.requireNonNull(part);
        if (of.logits()[row] > max) {
          max = of.logits()[row];
          best[row] = of.tokens()[row];
        }
      }
    }
    return best;
  }

  private boolean draw(Draw draw, Drawer drawer) {
    int token =
        draw.everything()
            ? fromEverything(draw.temperature(), drawer)
            : wantsRows
                ? fromRows(draw.temperature(), drawer)
                : fromCandidates(draw.temperature(), drawer);
    if (token < 0) {
      wantsRows = true;
      Arrays.fill(parts, null);
      return false;
    }
    chosen = new int[] {token};
    return true;
  }

  private int fromCandidates(float temperature, Drawer drawer) {
    int count = 0;
    for (LogitsPart part : parts) {
      count += ((Candidates) Objects.requireNonNull(part)).size();
    }
    long[] keys = new long[count];
    long known = Long.MIN_VALUE; // what lies below may be behind candidates that were not sent
    count = 0;
    for (int rank = 0; rank < parts.length; rank++) {
      Candidates of = (Candidates) Objects.requireNonNull(parts[rank]);
      for (int i = 0; i < of.size(); i++) {
        keys[count++] = TopLogits.key(of.logits()[i], of.tokens()[i]);
      }
      if (of.size() < vocabulary.get(rank).size()) {
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
    int exponent = TokenWeights.exponent(values[0], temperature);
    Arrays.fill(sums, 0);
    for (LogitsPart part : parts) {
      add((Candidates) Objects.requireNonNull(part), exponent);
    }
    return draw(size, temperature, exponent, drawer);
  }

  private void add(Candidates part, int exponent) {
    long below = (long) exponent - part.exponent();
    for (int bin = 0; below >= 0 && bin + below < TokenWeights.BINS; bin++) {
      sums[(int) (bin + below)] += part.sums()[bin];
    }
  }

  private int fromRows(float temperature, Drawer drawer) {
    int token = -1;
    for (int count = Math.min(MANY, vocabSize); token < 0; count = vocabSize) {
      reserve(count);
      top.select(logits, 0, count);
      top.get(tokens, values);
      if (TokenWeights.certain(values[0], temperature)) {
        return certain(drawer);
      }
      token = draw(count, temperature, sumAll(values[0], temperature), drawer);
    }
    return token;
  }

  private int fromEverything(float temperature, Drawer drawer) {
    top.select(logits, 0, 1);
    reserve(vocabSize);
    top.get(tokens, values);
    if (TokenWeights.certain(values[0], temperature)) {
      return certain(drawer);
    }
    int exponent = sumAll(values[0], temperature);
    for (int token = 0; token < vocabSize; token++) {
      tokens[token] = token;
    }
    System.arraycopy(logits, 0, values, 0, vocabSize);
    return draw(vocabSize, temperature, exponent, drawer);
  }

  /// The sums of all logits; their exponent.
  private int sumAll(float largest, float temperature) {
    int exponent = TokenWeights.exponent(largest, temperature);
    Arrays.fill(sums, 0);
    weights.sum(logits, temperature, exponent, sums);
    return exponent;
  }

  private int draw(int size, float temperature, int exponent, Drawer drawer) {
    weights.weigh(values, size, temperature, exponent, weighed);
    return drawer.draw(
        new Drawer.Candidates(tokens, weighed, size, TokenWeights.total(sums), vocabSize));
  }

  private int certain(Drawer drawer) {
    weighed[0] = 1;
    return drawer.draw(new Drawer.Candidates(tokens, weighed, 1, 1, 1));
  }

  private void reserve(int size) {
    if (tokens.length < size) {
      tokens = new int[size];
      values = new float[size];
      weighed = new double[size];
    }
  }
}
