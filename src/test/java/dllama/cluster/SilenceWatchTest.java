package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class SilenceWatchTest {
  private static final long TICK = 250;
  private static final long LIMIT = 2000;

  private final SilenceWatch watch = new SilenceWatch(LIMIT, TICK, 0);

  @Test
  void shouldFindTheSilentPeerAndNoOther() {
    long now = 0;
    watch.heard("a", now);
    watch.heard("b", now);
    while (now < LIMIT) {
      now += TICK;
      watch.heard("a", now);
      assertEquals(Optional.empty(), watch.tick(now));
    }
    now += TICK;
    watch.heard("a", now);
    assertEquals(Optional.of("b"), watch.tick(now));
  }

  @Test
  void shouldNotBlameAPeerForTheTimeInWhichThisNodeStoodStill() {
    watch.heard("a", 0);
    assertEquals(Optional.empty(), watch.tick(TICK));
    assertEquals(Optional.empty(), watch.tick(TICK + 60_000), "a minute in which nothing ran");
    long now = TICK + 60_000;
    while (now < TICK + 60_000 + LIMIT - 2 * TICK) {
      now += TICK;
      assertEquals(Optional.empty(), watch.tick(now));
    }
    now += 4 * TICK;
    watch.tick(now);
    for (int i = 0; i < 8; i++) {
      now += TICK;
      watch.tick(now);
    }
    assertEquals(Optional.of("a"), watch.tick(now + TICK), "silent while this node ran again");
  }

  @Test
  void shouldForgetAPeerThatLeft() {
    watch.heard("a", 0);
    watch.forget("a");
    for (long now = TICK; now < 10 * LIMIT; now += TICK) {
      assertEquals(Optional.empty(), watch.tick(now));
    }
  }
}
