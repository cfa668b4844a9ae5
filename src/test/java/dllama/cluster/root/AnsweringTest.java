package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class AnsweringTest {
  private static final long START = Long.MAX_VALUE - 1; // clocks may overflow
  private static final long PAUSE = Answering.PAUSE.toNanos();

  private final Answering answering = new Answering(START);

  @Test
  void shouldBeClaimedFromTheStartOn() {
    assertFalse(answering.isOver(START + 100 * PAUSE));
    assertTrue(answering.isClaimed());
  }

  @Test
  void shouldBeOverSomeTimeAfterTheLastStepOfWhatWasReleased() {
    answering.stepped(START + PAUSE);
    answering.release();
    assertFalse(answering.isClaimed());
    assertFalse(answering.isOver(START + 2 * PAUSE - 1));
    assertTrue(answering.isOver(START + 2 * PAUSE));
  }

  @Test
  void shouldNotBeOverBetweenTheClaimAndTheFirstStep() {
    answering.release();
    assertTrue(answering.isOver(START + PAUSE));
    answering.claim();
    assertFalse(answering.isOver(START + 100 * PAUSE));
    answering.release();
    assertTrue(answering.isOver(START + 100 * PAUSE), "it did no step");
  }
}
