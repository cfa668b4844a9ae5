package dllama.cluster.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ParkingWaitTest {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

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
  void shouldSleepAtOnceWhereItMayNotSpin() {
    var patient = new ParkingWait(Duration.ofSeconds(10));
    patient.allowSpin(false);
    patient.attach();
    long busy = THREADS.getCurrentThreadCpuTime();
    assertFalse(patient.await(() -> false, in(Duration.ofMillis(500))));
    busy = THREADS.getCurrentThreadCpuTime() - busy;
    assertTrue(busy < 100_000_000, busy + " ns of CPU in half a second of waiting");
    patient.detach();
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
