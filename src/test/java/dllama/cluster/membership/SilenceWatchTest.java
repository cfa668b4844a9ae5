package dllama.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class SilenceWatchTest {
  private static final long TICK = 250;
  private static final long LIMIT = 2000;

  private final SilenceWatch watch = new SilenceWatch(TICK, 0);

  @Test
  void shouldFindTheSilentPeerAndNoOther() {
    long now = 0;
    watch.heard("a", now);
    watch.heard("b", now);
    while (now < LIMIT) {
      now += TICK;
      watch.heard("a", now);
      assertEquals(Optional.empty(), watch.tick(now, _ -> LIMIT));
    }
    now += TICK;
    watch.heard("a", now);
    assertEquals(Optional.of("b"), watch.tick(now, _ -> LIMIT));
  }

  @Test
  void shouldNotBlameAPeerForTheTimeInWhichThisNodeStoodStill() {
    watch.heard("a", 0);
    assertEquals(Optional.empty(), watch.tick(TICK, _ -> LIMIT));
    assertEquals(
        Optional.empty(), watch.tick(TICK + 60_000, _ -> LIMIT), "a minute in which nothing ran");
    long now = TICK + 60_000;
    while (now < TICK + 60_000 + LIMIT - 2 * TICK) {
      now += TICK;
      assertEquals(Optional.empty(), watch.tick(now, _ -> LIMIT));
    }
    now += 4 * TICK;
    watch.tick(now, _ -> LIMIT);
    for (int i = 0; i < 8; i++) {
      now += TICK;
      watch.tick(now, _ -> LIMIT);
    }
    assertEquals(
        Optional.of("a"), watch.tick(now + TICK, _ -> LIMIT), "silent while this node ran again");
  }

  @Test
  void shouldGiveEveryPeerItsOwnLimit() {
    watch.heard("starting", 0);
    watch.heard("computing", 0);
    long now = 0;
    while (now <= LIMIT) {
      now += TICK;
      Optional<String> silent =
          watch.tick(now, peer -> peer.equals("computing") ? LIMIT : 99 * LIMIT);
      assertEquals(now > LIMIT ? Optional.of("computing") : Optional.empty(), silent);
    }
  }

  @Test
  void shouldForgetAPeerThatLeft() {
    watch.heard("a", 0);
    watch.forget("a");
    for (long now = TICK; now < 10 * LIMIT; now += TICK) {
      assertEquals(Optional.empty(), watch.tick(now, _ -> LIMIT));
    }
  }
}
