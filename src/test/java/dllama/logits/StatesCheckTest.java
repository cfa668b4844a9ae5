package dllama.logits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.model.Range;
import org.junit.jupiter.api.Test;

class StatesCheckTest {
  private static final LogitsWanted WANTED = new LogitsWanted.States(2);

  private static boolean fits(LogitsPart part, LogitsWanted wanted) {
    return LogitsCheck.fits(part, wanted, new Range(0, 8), 3);
  }

  @Test
  void shouldTakeOnlyAsManyAsWereWanted() {
    assertTrue(fits(new LogitsPart.States(2, new float[6]), WANTED));
    assertFalse(fits(new LogitsPart.States(2, new float[5]), WANTED), "part of a state");
    assertFalse(fits(new LogitsPart.States(1, new float[3]), WANTED), "of fewer tokens");
    assertFalse(fits(new LogitsPart.States(1 << 31, new float[0]), WANTED), "a senseless count");
    assertFalse(fits(new LogitsPart.States(2, new float[6]), new LogitsWanted.Best(2)), "logits");
    assertFalse(fits(new LogitsPart.Rows(new float[8]), WANTED), "not states");
  }

  @Test
  void shouldBeToldByRankZeroAlone() {
    assertEquals(1, WANTED.tellers(8));
    assertEquals(2, WANTED.count());
    assertEquals(0, WANTED.rows());
    assertThrows(IllegalArgumentException.class, () -> new LogitsWanted.States(0));
  }
}
