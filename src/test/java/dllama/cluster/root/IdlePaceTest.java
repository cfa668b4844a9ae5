package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class IdlePaceTest {
  private static final int CHUNK = 100;

  private long now = -1_000_000_007;
  private final IdlePace pace = new IdlePace(1000, () -> now);

  /// Bytes that are sent within so long by one who waits as he is told.
  private int sent(Duration time) {
    int bytes = 0;
    for (long end = now + time.toNanos(); now < end; ) {
      long wait = pace.waitNanos(CHUNK);
      bytes += wait == 0 ? CHUNK : 0;
      assertTrue(wait <= Duration.ofMillis(100).toNanos(), () -> wait + " ns");
      now += wait;
    }
    return bytes;
  }

  @Test
  void shouldSendSoMuchASecondAndNoMore() {
    pace.idle(true);
    assertEquals(10_000, sent(Duration.ofSeconds(10)), CHUNK);
    now += Duration.ofHours(1).toNanos();
    assertEquals(1000, sent(Duration.ofSeconds(1)), CHUNK, "what was not sent is not made up for");
  }

  @Test
  void shouldSendNothingWhileSomebodyIsAnswered() {
    assertEquals(0, sent(Duration.ofMinutes(1)));
    pace.idle(true);
    assertEquals(1000, sent(Duration.ofSeconds(1)), CHUNK);
    pace.idle(false);
    assertEquals(0, sent(Duration.ofMinutes(1)));
  }
}
