package dllama.shard;

import dllama.error.UserException;
import dllama.model.Batch;
import dllama.model.Drawer;
import dllama.model.LogitsWanted.All;
import dllama.model.LogitsWanted.Best;
import dllama.model.LogitsWanted.Draw;
import dllama.model.LogitsWanted.DrawAny;
import dllama.model.LogitsWanted.Nothing;
import dllama.shard.LogitsPart.Candidates;
import dllama.shard.LogitsPart.Rows;
import dllama.shard.LogitsPart.Walked;
import dllama.shard.LogitsQuestion.Everything;
import dllama.shard.LogitsQuestion.Walk;
import dllama.shard.ShardPlan.Range;
import dllama.tensor.Finite;
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
/// while (!gathering.choose()) {        // what was told does not suffice
///   put(rank, part) of every rank that gathering.question() is for;
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
  private @Nullable LogitsQuestion question;

  /// Of a walk along the vocabulary: the latest token that may be drawn.
  private int last;

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
    question = null;
    last = 0;
    Arrays.fill(parts, null);
  }

  /// Takes in what a rank tells; copies nothing but rows.
  ///
  /// @return false if that is not what the step waits for; it is then dropped
  public boolean put(int rank, LogitsPart part) {
    if (rank < 0 || rank >= parts.length || parts[rank] != null || !fits(rank, part)) {
      return false;
    }
    if (part instanceof Rows(float[] row)) {
      System.arraycopy(row, 0, logits, vocabulary.get(rank).from(), row.length);
    }
    parts[rank] = part;
    return true;
  }

  private boolean fits(int rank, LogitsPart part) {
    Range range = vocabulary.get(rank);
    return switch (part) {
      case Rows(float[] row) ->
          (batch.wanted() instanceof All || question instanceof Everything)
              && row.length == range.size();
      case LogitsPart.Best(int rows, int[] ids, float[] _) ->
          batch.wanted() instanceof Best(int wanted) && rows == wanted && within(range, ids, rows);
      case Candidates(int size, int[] ids, float[] _, int _, long[] _) ->
          (batch.wanted() instanceof Draw || batch.wanted() instanceof DrawAny)
              && question == null
              && size == Candidates.size(batch.wanted(), range.size())
              && within(range, ids, size);
      case Walked(float sum, int token) ->
          question instanceof Walk asked
              && asked.rank() == rank
              && (token < 0 ? sum == asked.sum() : range.has(token) && sum >= asked.sum());
    };
  }

  private static boolean within(Range range, int[] ids, int size) {
    for (int i = 0; i < size; i++) {
      if (!range.has(ids[i])) {
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
    if (question instanceof Walk asked) {
      return parts[asked.rank()] == null ? asked.rank() : -1;
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
  /// @throws UserException if a rank has told that its logits are no numbers
  /// @return false if what ranks have told does not suffice: then [#question] says what does
  public boolean choose() {
    int strayed = strayed();
    if (strayed >= 0) {
      throw NotFinite.at("the logit of token " + strayed);
    }
    return switch (batch.wanted()) {
      case Nothing _, All _ -> true;
      case Best(int rows) -> {
        chosen = best(rows);
        yield true;
      }
      case Draw draw -> draw(draw, Objects.requireNonNull(batch.drawer()));
      case DrawAny draw -> question instanceof Walk asked ? goOn(draw, asked) : setOut(draw);
    };
  }

  /// A token whose logit is no number, as far as ranks have told; −1 if there is none.
  private int strayed() {
    if (batch.wanted() instanceof All) {
      return Finite.firstOther(logits, 0, vocabSize);
    }
    for (LogitsPart part : parts) {
      if (part instanceof LogitsPart.Best(int _, int[] ids, float[] best) && Float.isNaN(best[0])) {
        return ids[0];
      }
      if (part instanceof Candidates of && Float.isNaN(of.logits()[0])) {
        return of.tokens()[0];
      }
    }
    return -1;
  }

  /// What ranks are to be asked, after a choice that could not be made.
  public LogitsQuestion question() {
    return Objects.requireNonNull(question);
  }

  private void ask(LogitsQuestion next) {
    question = next;
    Arrays.fill(parts, null);
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
        question instanceof Everything
            ? fromRows(draw.temperature(), drawer)
            : fromCandidates(draw.temperature(), drawer);
    if (token < 0) {
      ask(new Everything());
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
    return draw(size, temperature, sumAll(values[0], temperature), drawer);
  }

  /// The sums of what ranks have told; their exponent.
  private int sumAll(float largest, float temperature) {
    int exponent = TokenWeights.exponent(largest, temperature);
    Arrays.fill(sums, 0);
    for (LogitsPart part : parts) {
      add((Candidates) Objects.requireNonNull(part), exponent);
    }
    return exponent;
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
      int exponent = TokenWeights.exponent(values[0], temperature);
      Arrays.fill(sums, 0);
      weights.sum(logits, temperature, exponent, sums);
      token = draw(count, temperature, exponent, drawer);
    }
    return token;
  }

  /// The first step along the vocabulary, once the weight of all tokens is known.
  private boolean setOut(DrawAny draw) {
    long largest = Long.MIN_VALUE;
    for (LogitsPart part : parts) {
      Candidates of = (Candidates) Objects.requireNonNull(part);
      largest = Math.max(largest, TopLogits.key(of.logits()[0], of.tokens()[0]));
    }
    float logit = TopLogits.logit(largest);
    if (TokenWeights.certain(logit, draw.temperature())) {
      chosen = new int[] {TopLogits.token(largest)};
      return true;
    }
    int exponent = sumAll(logit, draw.temperature());
    ask(new Walk(0, exponent, TokenWeights.total(sums), 0));
    return false;
  }

  private boolean goOn(DrawAny draw, Walk asked) {
    Walked walked = (Walked) Objects.requireNonNull(parts[asked.rank()]);
    last = walked.last() < 0 ? last : walked.last();
    boolean end = asked.rank() == parts.length - 1; // where the floats add up to less than the coin
    if (draw.coin() < walked.sum() || end) {
      chosen = new int[] {last};
      return true;
    }
    ask(new Walk(asked.rank() + 1, asked.exponent(), asked.total(), walked.sum()));
    return false;
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
