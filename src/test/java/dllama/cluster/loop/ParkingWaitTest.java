package dllama.cluster.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ParkingWaitTest {
  private final ParkingWait wait = new ParkingWait(Duration.ZERO);

  private static long in(Duration time) {
    return System.nanoTime() + time.toNanos();
  }

  @Test
  void shouldReturnFalseAtTheDeadline() {
    wait.attach();
    long start = System.nanoTime();
    assertFalse(wait.await(() -> false, in(Duration.ofMillis(20))));
    assertTrue(System.nanoTime() - start >= 20_000_000);
    wait.detach();
  }

  @Test
  void shouldSeeEverySignal() throws InterruptedException {
    int rounds = 20_000;
    var given = new AtomicInteger();
    var taken = new AtomicInteger();
    var giver =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 1; i <= rounds; i++) {
                    given.set(i);
                    wait.signal();
                    while (taken.get() < i) {
                      Thread.onSpinWait();
                    }
                  }
                });
    wait.attach();
    for (int i = 1; i <= rounds; i++) {
      int round = i;
      assertTrue(wait.await(() -> given.get() == round, in(Duration.ofSeconds(20))), "round " + i);
      taken.set(i);
    }
    wait.detach();
    giver.join();
    assertEquals(rounds, taken.get());
  }

  @Test
  void shouldReturnFalseWhenInterruptedAndKeepTheFlag() {
    wait.attach();
    Thread.currentThread().interrupt();
    assertFalse(wait.await(() -> false, in(Duration.ofSeconds(20))));
    assertTrue(Thread.interrupted());
    wait.detach();
  }

  @Test
  void shouldLetOnlyTheAttachedThreadWait() throws InterruptedException {
    assertThrows(IllegalStateException.class, () -> wait.await(() -> true, 0));
    assertThrows(IllegalStateException.class, wait::detach);
    wait.attach();
    assertThrows(IllegalStateException.class, wait::attach);
    var refused = new AtomicBoolean();
    Thread.ofPlatform()
        .start(
            () -> {
              assertThrows(IllegalStateException.class, () -> wait.await(() -> true, 0));
              refused.set(true);
            })
        .join();
    assertTrue(refused.get());
    wait.detach();
    wait.attach();
    wait.detach();
  }
}
