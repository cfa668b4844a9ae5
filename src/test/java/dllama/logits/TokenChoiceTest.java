package dllama.logits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.logits.LogitsPart.Walked;
import dllama.logits.LogitsQuestion.Walk;
import dllama.model.Range;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenChoiceTest {
  private static final List<Range> RANKS = List.of(new Range(0, 2), new Range(2, 4));
  private final List<Walk> asked = new ArrayList<>();

  @Test
  void shouldAskOneRankAfterTheOtherForATokenDrawnFromAll() {
    assertEquals(2, drawn(0.6f, new Walked(0.5f, 1), new Walked(0.75f, 2)));
    assertEquals(List.of(0, 1), asked.stream().map(Walk::rank).toList());
    assertEquals(0, asked.get(0).sum());
    assertEquals(0.5f, asked.get(1).sum());
    assertEquals(asked.get(0).total(), asked.get(1).total());
  }

  @Test
  void shouldAskNoFurtherThanTheCoinReaches() {
    assertEquals(1, drawn(0.3f, new Walked(0.5f, 1)));
    assertEquals(1, asked.size());
  }

  /// Where rounding leaves the coin above all probabilities together.
  @Test
  void shouldTakeTheLastTokenOfAll() {
    assertEquals(1, drawn(1 - 0x1p-24f, new Walked(0.5f, 1), new Walked(0.5f, -1)));
  }

  @Test
  void shouldRefuseStepsThatMakeNoSense() {
    Range range = RANKS.get(0);
    Walk question = new Walk(0, 1, 0.6f, 0, 1, 0.25f);
    assertTrue(LogitsCheck.fits(new Walked(0.5f, 1), question, range));
    assertTrue(LogitsCheck.fits(new Walked(0.25f, -1), question, range));
    assertFalse(LogitsCheck.fits(new Walked(0.5f, 2), question, range), "a token of another rank");
    assertFalse(LogitsCheck.fits(new Walked(0, 1), question, range), "fewer than before");
    assertFalse(
        LogitsCheck.fits(new Walked(0.5f, -1), question, range), "something that no token adds");
    assertFalse(LogitsCheck.fits(new Walked(Float.NaN, 1), question, range), "no number");
    LogitsWanted any = new LogitsWanted.DrawAny(1);
    assertFalse(LogitsCheck.fits(new Walked(0.5f, 1), any, range, 64), "nobody asked");
  }

  private static LogitsPart reduced(Range range, float[] logits) {
    return new LogitsReducer(range)
        .reduce(new LogitsWanted.DrawAny(1), Adjustments.NONE, logits, 0);
  }

  /// Of four tokens of the same probability, two on each of two ranks.
  private int drawn(float coin, Walked... answers) {
    float[] equal = {1, 1};
    List<LogitsPart> parts = RANKS.stream().map(range -> reduced(range, equal)).toList();
    var told =
        new RunLogits(
            RANKS,
            parts,
            question -> {
              asked.add((Walk) question);
              return List.of(answers[asked.size() - 1]);
            });
    return new TokenChoice().drawAny(told, 1, coin);
  }
}
