package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.cluster.wire.RankWaits;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class WaitSharesTest {
  private static final long EPOCH = 7;
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final WaitShares shares = new WaitShares();

  private static RankWaits waits(long steps, Long... nanos) {
    return new RankWaits(EPOCH, steps, List.of(nanos));
  }

  @Test
  void shouldBeTheMeanOfWhatTheOthersWaited() {
    shares.reset(EPOCH, 3, 0);
    shares.told(0, waits(100, 0L, 10L, 40L), SECOND / 4);
    shares.told(1, waits(200, 10L, 0L, 40L), SECOND / 4);
    shares.told(2, waits(100, 0L, 0L, 0L), SECOND / 4);
    assertEquals(0.3, shares.of(2).orElseThrow(), 1e-9);
    assertEquals(0.05, shares.of(1).orElseThrow(), 1e-9);
    assertEquals(0.025, shares.of(0).orElseThrow(), 1e-9);
  }

  @Test
  void shouldSayNothingBeforeThereIsWorkOrWithoutOthers() {
    shares.reset(EPOCH, 2, 0);
    assertTrue(shares.of(1).isEmpty());
    shares.told(0, waits(0, 0L, 0L), SECOND);
    assertTrue(shares.of(1).isEmpty());
    shares.reset(EPOCH, 1, 0);
    shares.told(0, waits(100, 0L), SECOND);
    assertTrue(shares.of(0).isEmpty());
  }

  @Test
  void shouldForgetWhatWasMoreThanTenSecondsOfWorkAgo() {
    shares.reset(EPOCH, 2, 0);
    for (int second = 1; second <= 30; second++) {
      long late = 50L * Math.min(second, 15); // quick from the fifteenth second on
      shares.told(0, waits(100L * second, 0L, late), second * SECOND);
      if (second == 15) {
        assertEquals(0.5, shares.of(1).orElseThrow(), 1e-9);
      }
    }
    assertEquals(0, shares.of(1).orElseThrow(), 1e-9);
  }

  @Test
  void shouldKeepTheLatestWhileNothingIsComputed() {
    shares.reset(EPOCH, 2, 0);
    for (int second = 1; second < 100; second++) {
      shares.told(0, waits(100, 0L, 25L), second * SECOND);
    }
    assertEquals(0.25, shares.of(1).orElseThrow(), 1e-9);
  }

  @Test
  void shouldAddWhatTheRootWaitsForLogits() {
    shares.reset(EPOCH, 2, 0);
    shares.logitsLate(1, 10);
    shares.logitsLate(1, 30); // of another run: the later one counts
    shares.stepped(100);
    shares.stepped(100);
    shares.told(0, waits(200, 0L, 20L), SECOND);
    assertEquals(20 / 200.0 + 30 / 200.0, shares.of(1).orElseThrow(), 1e-9);
  }

  @Test
  void shouldNotBelieveWhatCanNotBe() {
    shares.reset(EPOCH, 2, 0);
    shares.told(0, new RankWaits(EPOCH + 1, 100, List.of(0L, 50L)), SECOND);
    shares.told(0, waits(100, 0L, 50L, 50L), SECOND);
    shares.told(5, waits(100, 0L, 50L), SECOND);
    assertTrue(shares.of(1).isEmpty());
    shares.told(0, waits(100, 0L, Long.MAX_VALUE), SECOND);
    assertEquals(1, shares.of(1).orElseThrow());
    List<Long> less = new ArrayList<>(List.of(0L, 0L));
    shares.told(0, new RankWaits(EPOCH, 150, less), 2 * SECOND);
    shares.told(0, new RankWaits(EPOCH, 200, less), 3 * SECOND);
    assertTrue(shares.of(1).orElseThrow() >= 0);
  }
}
