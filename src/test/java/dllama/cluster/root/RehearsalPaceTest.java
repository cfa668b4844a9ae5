package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RehearsalPaceTest {
  private static final long MILLI = 1_000_000;

  private final RehearsalPace pace = new RehearsalPace();
  private long now = -5 * MILLI;

  private void rounds(int count, long millis) {
    for (int i = 0; i < count; i++) {
      now += millis * MILLI;
      pace.measured(millis * MILLI, now);
    }
  }

  @Test
  void shouldGoOnForSomeRoundsInAnyCase() {
    rounds(RehearsalPace.LEAST_ROUNDS - 1, RehearsalPace.PATIENCE_NANOS / MILLI);
    assertFalse(pace.isSettled(now));
    rounds(1, RehearsalPace.PATIENCE_NANOS / MILLI);
    assertTrue(pace.isSettled(now));
  }

  @Test
  void shouldGoOnWhileRoundsGetQuicker() {
    rounds(RehearsalPace.LEAST_ROUNDS, 50);
    for (int millis = 40; millis > 30; millis -= 2) {
      rounds(15, millis); // less than a second
      assertFalse(pace.isSettled(now), pace::toString);
    }
    rounds(40, 32);
    assertTrue(pace.isSettled(now));
  }

  @Test
  void shouldTakeASmallGainForNone() {
    rounds(RehearsalPace.LEAST_ROUNDS, 100);
    rounds(5, 98);
    assertTrue(pace.isSettled(now), pace::toString);
    assertEquals("35 rounds, the quickest in 100.0 ms", pace.toString());
  }
}
