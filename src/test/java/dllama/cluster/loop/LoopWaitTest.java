package dllama.cluster.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
@Tag("slow")
class LoopWaitTest {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final LinkedBlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>();
  private LoopExecutor executor;
  private LoopWait wait;
  private TestSelector network;

  @BeforeEach
  void start() throws IOException {
    start(Duration.ZERO);
  }

  private void start(Duration spin) throws IOException {
    executor =
        new LoopExecutor(
            task -> {
              Thread keeper = Thread.ofPlatform().daemon().name("keeper").unstarted(task);
              keeper.setUncaughtExceptionHandler((thread, e) -> thrown.add(e));
              return keeper;
            },
            spin);
    wait = executor.computeWait();
    network = new TestSelector(executor);
  }

  @Test
  void shouldSleepAtOnceWhereItMayNotSpin() throws Exception {
    end();
    start(Duration.ofSeconds(10));
    wait.allowSpin(false);
    wait.attach();
    long busy = THREADS.getCurrentThreadCpuTime();
    assertFalse(wait.await(() -> false, System.nanoTime() + 500_000_000));
    busy = THREADS.getCurrentThreadCpuTime() - busy;
    assertTrue(busy < 100_000_000, busy + " ns of CPU in half a second of waiting");
    wait.detach();
  }

  @AfterEach
  void end() throws Exception {
    network.close();
    executor.shutdown();
    assertTrue(executor.awaitTermination(60, TimeUnit.SECONDS));
    assertTrue(thrown.isEmpty(), () -> "a task threw " + thrown);
    if (wait.isAttached()) {
      wait.detach();
    }
  }

  private static long in(long millis) {
    return System.nanoTime() + millis * 1_000_000;
  }

  @Test
  void shouldRunTasksOnTheWaitingThread() {
    var ranOn = new AtomicReference<Thread>();
    wait.attach();
    assertTrue(wait.await(() -> true, in(10_000)));
    executor.execute(
        () -> executor.execute(() -> ranOn.set(Thread.currentThread()))); // two hops, as in Akka
    assertTrue(wait.await(() -> true, in(10_000)), "must run what was told before");
    assertSame(Thread.currentThread(), ranOn.get());
    wait.detach();
    ranOn.set(null);
    executor.execute(() -> ranOn.set(Thread.currentThread()));
    while (ranOn.get() == null) {
      Thread.onSpinWait();
    }
    assertNotSame(Thread.currentThread(), ranOn.get());
  }

  @Test
  void shouldNotWaitForTheEndOfEndlessTraffic() {
    var stop = new AtomicBoolean();
    executor.execute(
        new Runnable() {
          @Override
          public void run() {
            if (!stop.get()) {
              executor.execute(this);
            }
          }
        });
    wait.attach();
    assertTrue(wait.await(() -> true, in(10_000)));
    stop.set(true);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldReturnFalseAtTheDeadline(boolean withSelector) throws IOException {
    if (!withSelector) {
      network.close();
    }
    wait.attach();
    long start = System.nanoTime();
    assertFalse(wait.await(() -> false, in(30)));
    assertTrue(System.nanoTime() - start >= 30_000_000);
    assertFalse(wait.await(() -> false, in(-1)));
    assertTrue(wait.await(() -> true, in(-1)) || !wait.await(() -> false, in(-1)));
    wait.detach();
  }

  @Test
  void shouldServeWhatIsDueDuringLongCompute() throws IOException {
    wait.attach();
    for (int i = 1; i <= 20; i++) {
      var ran = new AtomicBoolean();
      executor.execute(() -> ran.set(true));
      network.send();
      long until = in(10_000);
      while ((!ran.get() || network.received.get() < i) && System.nanoTime() - until < 0) {
        Thread.onSpinWait(); // computes, and does not wait
      }
      assertTrue(ran.get());
      assertEquals(i, network.received.get());
    }
    wait.detach();
  }

  @Test
  void shouldReturnFalseWhenShutDown() {
    wait.attach();
    Thread.ofPlatform().start(() -> executor.shutdown());
    assertFalse(wait.await(() -> false, in(60_000)));
    assertFalse(wait.await(() -> false, in(60_000)));
    wait.detach();
  }

  @Test
  void shouldReturnFalseWhenInterruptedAndKeepTheFlag() throws InterruptedException {
    wait.attach();
    Thread me = Thread.currentThread();
    var interrupter =
        Thread.ofPlatform()
            .start(
                () -> {
                  LockSupport.parkNanos(20_000_000);
                  me.interrupt();
                });
    assertFalse(wait.await(() -> false, in(60_000)));
    assertTrue(Thread.interrupted());
    wait.detach();
    interrupter.join();
  }

  @Test
  void shouldLetOnlyTheAttachedThreadWait() throws InterruptedException {
    assertThrows(IllegalStateException.class, () -> wait.await(() -> true, in(10)));
    assertThrows(IllegalStateException.class, wait::detach);
    wait.attach();
    assertThrows(IllegalStateException.class, wait::attach);
    var other = new AtomicReference<Throwable>();
    Thread.ofPlatform()
        .start(() -> other.set(assertThrows(IllegalStateException.class, wait::attach)))
        .join();
    assertInstanceOf(IllegalStateException.class, other.get());
    wait.detach();
  }

  @Test
  void shouldRefuseToWaitInsideATask() {
    var refused = new CompletableFuture<Throwable>();
    wait.attach();
    executor.execute(
        () -> {
          try {
            wait.await(() -> true, in(10));
          } catch (IllegalStateException e) {
            refused.complete(e);
          }
        });
    assertTrue(wait.await(refused::isDone, in(10_000)));
  }

  /// Each hand-over is awaited before the next, so that one lost wake-up is one test failure.
  @ParameterizedTest
  @CsvSource({"0, 40000", "50000, 40000", "5000, 20000"})
  void shouldLoseNoHandOver(long spinNanos, int rounds) throws Exception {
    end();
    start(Duration.ofNanos(spinNanos));
    long seed = System.nanoTime();
    System.out.printf("LoopWaitTest seed=%d spinNanos=%d%n", seed, spinNanos);
    var taken = new AtomicInteger();
    var given = new AtomicInteger();
    var failed = new AtomicBoolean();
    var giver =
        Thread.ofPlatform()
            .start(() -> give(new Random(seed), rounds, network, given, taken, failed));
    var random = new Random(~seed);
    try {
      for (int i = 1; i <= rounds; i++) {
        int round = i;
        if (random.nextInt(4) == 0) {
          pause(random); // the keeper is at work meanwhile
        }
        wait.attach();
        if (random.nextInt(4) == 0) {
          pause(random);
        }
        assertTrue(
            wait.await(() -> given.get() + network.received.get() == round, in(10_000)),
            () -> "lost hand-over %d, seed=%d".formatted(round, seed));
        wait.detach();
        taken.set(i);
      }
    } finally {
      failed.set(true);
      giver.join();
    }
  }

  private void give(
      Random random,
      int rounds,
      TestSelector network,
      AtomicInteger given,
      AtomicInteger taken,
      AtomicBoolean failed) {
    for (int i = 1; i <= rounds; i++) {
      if (random.nextInt(2) == 0) {
        pause(random);
      }
      switch (random.nextInt(3)) {
        case 0 -> executor.execute(given::incrementAndGet);
        case 1 -> network.send();
        default -> {
          given.incrementAndGet();
          wait.signal();
        }
      }
      while (taken.get() < i && !failed.get()) {
        Thread.yield();
      }
    }
  }

  private static void pause(Random random) {
    long until = System.nanoTime() + random.nextInt(60_000);
    while (System.nanoTime() - until < 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void shouldSurviveAttachAndDetachUnderContention() throws Exception {
    long seed = System.nanoTime();
    System.out.printf("LoopWaitTest seed=%d%n", seed);
    var stop = new AtomicBoolean();
    var submitted = new AtomicInteger();
    var ran = new int[1]; // guarded by the turn alone: wrong if two threads ran tasks at once
    var submitter =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!stop.get()) {
                    executor.execute(() -> ran[0]++);
                    submitted.incrementAndGet();
                    if (submitted.get() % 64 == 0) {
                      pause(new Random(submitted.get()));
                    }
                  }
                });
    var random = new Random(seed);
    for (int i = 0; i < 5000; i++) {
      wait.attach();
      assertTrue(wait.await(() -> true, in(10_000)), "seed=" + seed);
      if (random.nextBoolean()) {
        pause(random);
      }
      wait.detach();
    }
    stop.set(true);
    submitter.join();
    var last = new CountDownLatch(1);
    executor.execute(last::countDown);
    assertTrue(last.await(60, TimeUnit.SECONDS));
    assertEquals(submitted.get(), ran[0]);
  }
}
