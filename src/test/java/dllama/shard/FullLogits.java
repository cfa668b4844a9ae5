package dllama.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.model.Batch;
import dllama.model.LogitsWanted;
import dllama.model.LogitsWanted.Draw;
import dllama.model.LogitsWanted.DrawAny;
import dllama.model.Step;
import dllama.sampling.Sampler;
import dllama.sampling.TopP;
import dllama.shard.ShardPlan.Range;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Steps of given logits, cut over any number of ranks.
public final class FullLogits {
  /// The token, and whether the ranks' candidates did not suffice for it.
  public record Choice(int token, boolean askedForAll) {}

  private FullLogits() {}

  /// What a step gives.
  ///
  /// @param rows logits of the last tokens, as many as are wanted or more
  public static Step step(Batch batch, float[]... rows) {
    List<Range> vocabulary = cut(rows[0].length, 1);
    LogitsGathering gathering = new LogitsGathering(vocabulary);
    gather(gathering, batch, vocabulary, rows);
    return new Step(gathering.logits(), gathering.chosen(), 7, 100, 200);
  }

  /// The token that `sampler` chooses.
  public static int next(Sampler sampler, float... logits) {
    return next(sampler, 1, logits).token();
  }

  /// The token that `sampler` chooses with the vocabulary cut over `ranks`.
  public static Choice next(Sampler sampler, int ranks, float... logits) {
    List<Range> vocabulary = cut(logits.length, ranks);
    LogitsGathering gathering = new LogitsGathering(vocabulary);
    Batch batch = batch(sampler, new int[] {0}, 0);
    boolean asked = gather(gathering, batch, vocabulary, new float[][] {logits});
    return new Choice(gathering.chosen()[0], asked);
  }

  /// Some tokens, after which `sampler` chooses one.
  public static Batch batch(Sampler sampler, int[] tokens, int position) {
    return switch (sampler) {
      case Sampler.Greedy _ -> Batch.best(tokens, position, 1);
      case TopP topP when topP.drawsFromAll() ->
          new Batch(tokens, position, new DrawAny(topP.temperature(), topP.toss()), null);
      case TopP topP ->
          new Batch(
              tokens,
              position,
              new Draw(topP.temperature()),
              of -> topP.next(of.tokens(), of.weights(), of.size(), of.total(), of.vocabSize()));
    };
  }

  private static boolean gather(
      LogitsGathering gathering, Batch batch, List<Range> vocabulary, float[][] rows) {
    gathering.begin(batch);
    put(gathering, batch.wanted(), vocabulary, rows);
    boolean askedForAll = false;
    while (!gathering.choose()) {
      switch (gathering.question()) {
        case LogitsQuestion.Everything _ -> {
          assertFalse(askedForAll, "once is enough");
          askedForAll = true;
          assertEquals(0, gathering.missingRank());
          put(gathering, new LogitsWanted.All(), vocabulary, rows);
        }
        case LogitsQuestion.Walk walk -> walk(gathering, walk, batch, vocabulary, rows);
      }
    }
    return askedForAll;
  }

  private static void walk(
      LogitsGathering gathering,
      LogitsQuestion.Walk walk,
      Batch batch,
      List<Range> vocabulary,
      float[][] rows) {
    assertEquals(walk.rank(), gathering.missingRank());
    Range range = vocabulary.get(walk.rank());
    float[] part = Arrays.copyOfRange(rows[rows.length - 1], range.from(), range.to());
    LogitsPart walked = new LogitsReducer(range).walk((DrawAny) batch.wanted(), walk, part, 0);
    assertTrue(gathering.put(walk.rank(), walked));
    assertFalse(gathering.put(walk.rank(), walked), "only once");
    assertEquals(-1, gathering.missingRank());
  }

  private static void put(
      LogitsGathering gathering, LogitsWanted wanted, List<Range> vocabulary, float[][] rows) {
    int count = wanted.rows();
    if (count == 0) {
      return;
    }
    for (int rank = vocabulary.size() - 1; rank >= 0; rank--) {
      Range range = vocabulary.get(rank);
      float[] part = new float[count * range.size()];
      for (int row = 0; row < count; row++) {
        float[] from = rows[rows.length - count + row];
        System.arraycopy(from, range.from(), part, row * range.size(), range.size());
      }
      LogitsPart reduced = new LogitsReducer(range).reduce(wanted, part, 0);
      assertTrue(gathering.put(rank, reduced));
      assertFalse(gathering.put(rank, reduced), "only once");
    }
    assertEquals(-1, gathering.missingRank());
  }

  private static List<Range> cut(int vocabSize, int ranks) {
    List<Range> ranges = new ArrayList<>();
    for (int rank = 0; rank < ranks; rank++) {
      ranges.add(new Range(vocabSize * rank / ranks, vocabSize * (rank + 1) / ranks));
    }
    return ranges;
  }
}
