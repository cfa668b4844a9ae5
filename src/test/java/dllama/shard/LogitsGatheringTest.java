package dllama.shard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.model.Batch;
import dllama.model.LogitsWanted.DrawAny;
import dllama.shard.LogitsPart.Walked;
import dllama.shard.LogitsQuestion.Walk;
import dllama.shard.ShardPlan.Range;
import java.util.List;
import org.junit.jupiter.api.Test;

class LogitsGatheringTest {
  private static final List<Range> RANKS = List.of(new Range(0, 2), new Range(2, 4));
  private static final float[][] EQUAL = {{1, 1}, {1, 1}};

  @Test
  void shouldAskOneRankAfterTheOtherForATokenDrawnFromAll() {
    LogitsGathering gathering = drawing(0.6f);
    assertFalse(gathering.choose());
    Walk first = (Walk) gathering.question();
    assertEquals(0, first.rank());
    assertEquals(0, gathering.missingRank());
    assertTrue(gathering.put(0, new Walked(0.5f, 1)));
    assertFalse(gathering.choose());
    Walk second = (Walk) gathering.question();
    assertEquals(new Walk(1, first.exponent(), first.total(), 0.5f), second);
    assertEquals(1, gathering.missingRank());
    assertTrue(gathering.put(1, new Walked(0.75f, 2)));
    assertTrue(gathering.choose());
    assertArrayEquals(new int[] {2}, gathering.chosen());
  }

  @Test
  void shouldAskNoFurtherThanTheCoinReaches() {
    LogitsGathering gathering = drawing(0.3f);
    assertFalse(gathering.choose());
    assertTrue(gathering.put(0, new Walked(0.5f, 1)));
    assertTrue(gathering.choose());
    assertArrayEquals(new int[] {1}, gathering.chosen());
  }

  /// Where rounding leaves the coin above all probabilities together.
  @Test
  void shouldTakeTheLastTokenOfAll() {
    LogitsGathering gathering = drawing(1 - 0x1p-24f);
    assertFalse(gathering.choose());
    assertTrue(gathering.put(0, new Walked(0.5f, 1)));
    assertFalse(gathering.choose());
    assertTrue(gathering.put(1, new Walked(0.5f, -1)));
    assertTrue(gathering.choose());
    assertArrayEquals(new int[] {1}, gathering.chosen());
  }

  @Test
  void shouldRefuseStepsThatMakeNoSense() {
    LogitsGathering gathering = drawing(0.6f);
    assertFalse(gathering.put(0, new Walked(0.5f, 1)), "nobody asked");
    assertFalse(gathering.choose());
    assertFalse(gathering.put(1, new Walked(0.5f, 2)), "another rank was asked");
    assertFalse(gathering.put(0, new Walked(0.5f, 2)), "a token of another rank");
    assertFalse(gathering.put(0, new Walked(-0.5f, 1)), "fewer than before");
    assertFalse(gathering.put(0, new Walked(0.5f, -1)), "something that no token adds");
    assertFalse(gathering.put(0, new Walked(Float.NaN, 1)), "no number");
    assertEquals(0, gathering.missingRank());
  }

  /// Four tokens of the same probability, two on each of two ranks.
  private static LogitsGathering drawing(float coin) {
    LogitsGathering gathering = new LogitsGathering(RANKS);
    DrawAny draw = new DrawAny(1, coin);
    gathering.begin(new Batch(new int[1], 0, draw, null));
    for (int rank = 0; rank < RANKS.size(); rank++) {
      LogitsPart part = new LogitsReducer(RANKS.get(rank)).reduce(draw, EQUAL[rank], 0);
      assertTrue(gathering.put(rank, part));
    }
    return gathering;
  }
}
