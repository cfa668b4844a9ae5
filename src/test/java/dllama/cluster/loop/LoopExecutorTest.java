package dllama.cluster.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
@Tag("slow")
class LoopExecutorTest {
  private final LinkedBlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>();
  private final List<Thread> keepers = new ArrayList<>();
  private final LoopExecutor executor = loop(Duration.ofNanos(50_000));

  private TestSelector network;

  private LoopExecutor loop(Duration spin) {
    return new LoopExecutor(
        task -> {
          Thread keeper = Thread.ofPlatform().daemon().name("keeper").unstarted(task);
          keeper.setUncaughtExceptionHandler((thread, e) -> thrown.add(e));
          keepers.add(keeper);
          return keeper;
        },
        spin);
  }

  @AfterEach
  void end() throws Exception {
    if (network != null) {
      network.close();
    }
    executor.shutdown();
    assertTrue(executor.awaitTermination(60, TimeUnit.SECONDS));
    for (Thread keeper : keepers) {
      assertFalse(keeper.isAlive(), "a keeper lives on");
    }
  }

  @Test
  void shouldRunTasksInOrderOnOneThread() throws InterruptedException {
    List<Integer> order = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    var last = new CountDownLatch(1);
    for (int i = 0; i < 1000; i++) {
      int number = i;
      executor.execute(
          () -> {
            order.add(number);
            threads.add(Thread.currentThread());
          });
    }
    executor.execute(last::countDown);
    assertTrue(last.await(60, TimeUnit.SECONDS));
    assertEquals(java.util.stream.IntStream.range(0, 1000).boxed().toList(), order);
    assertEquals(1, threads.stream().distinct().count());
  }

  @Test
  void shouldWakeTheSleepingKeeper() throws Exception {
    for (int i = 0; i < 20; i++) {
      Thread.sleep(2);
      assertEquals("done", executor.submit(() -> "done").get(60, TimeUnit.SECONDS));
    }
    network = new TestSelector(executor);
    for (int i = 1; i <= 20; i++) {
      Thread.sleep(2);
      assertEquals("done", executor.submit(() -> "done").get(60, TimeUnit.SECONDS));
      network.send();
      for (int tries = 0; network.received.get() < i && tries < 5000; tries++) {
        Thread.sleep(1);
      }
      assertEquals(i, network.received.get());
    }
  }

  @Test
  void shouldReportWhatTasksThrowAndGoOn() throws Exception {
    var exception = new IllegalStateException("a task failed");
    var error = new OutOfMemoryError("not really");
    executor.execute(
        () -> {
          throw exception;
        });
    executor.execute(
        () -> {
          throw error;
        });
    assertEquals("done", executor.submit(() -> "done").get(60, TimeUnit.SECONDS));
    assertSame(exception, thrown.poll());
    assertSame(error, thrown.poll());
  }

  @Test
  void shouldSurviveATaskThatLeavesItsThreadInterrupted() throws Exception {
    network = new TestSelector(executor);
    executor.execute(() -> Thread.currentThread().interrupt());
    Thread.sleep(20);
    long before = keeperCpu();
    Thread.sleep(200);
    assertTrue(keeperCpu() - before < 100_000_000, "the keeper spins");
    assertEquals("done", executor.submit(() -> "done").get(60, TimeUnit.SECONDS));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldUseNoProcessorTimeWhenIdle(boolean withSelector) throws Exception {
    if (withSelector) {
      network = new TestSelector(executor);
    }
    executor.submit(() -> {}).get(60, TimeUnit.SECONDS);
    long before = keeperCpu();
    Thread.sleep(1000);
    long busy = keeperCpu() - before;
    assertTrue(busy < 300_000_000, "busy for " + busy + " ns of a second");
  }

  private long keeperCpu() {
    return ManagementFactory.getThreadMXBean().getThreadCpuTime(keepers.getFirst().threadId());
  }

  @Test
  void shouldRunAcceptedTasksAndRejectLaterOnes() throws Exception {
    var held = new CountDownLatch(1);
    var ran = new AtomicInteger();
    executor.execute(
        () -> {
          try {
            assertTrue(held.await(60, TimeUnit.SECONDS));
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        });
    for (int i = 0; i < 100; i++) {
      executor.execute(ran::incrementAndGet);
    }
    executor.shutdown();
    assertTrue(executor.isShutdown());
    assertThrows(RejectedExecutionException.class, () -> executor.execute(ran::incrementAndGet));
    assertFalse(executor.isTerminated());
    held.countDown();
    assertTrue(executor.awaitTermination(60, TimeUnit.SECONDS));
    assertEquals(100, ran.get());
    assertTrue(executor.isTerminated());
  }

  @Test
  void shouldRunOrRejectEachTaskWhenShutDownUnderLoad() throws Exception {
    for (int round = 0; round < 200; round++) {
      LoopExecutor shortLived = loop(Duration.ZERO);
      var ran = new AtomicInteger();
      var accepted = new AtomicInteger();
      var submitters = new ArrayList<Thread>();
      for (int i = 0; i < 2; i++) {
        submitters.add(
            Thread.ofPlatform()
                .start(
                    () -> {
                      try {
                        while (true) {
                          shortLived.execute(ran::incrementAndGet);
                          accepted.incrementAndGet();
                        }
                      } catch (RejectedExecutionException e) {
                        // the end of the round
                      }
                    }));
      }
      Thread.sleep(0, round * 5000);
      shortLived.shutdown();
      for (Thread submitter : submitters) {
        submitter.join();
      }
      assertTrue(shortLived.awaitTermination(60, TimeUnit.SECONDS));
      assertEquals(accepted.get(), ran.get());
    }
  }

  @Test
  void shouldRefuseASecondSelector() throws IOException {
    network = new TestSelector(executor);
    var second = new LoopSelector(network.selector.provider(), network.selector);
    var refused = new CompletableFuture<Throwable>();
    executor.execute(
        () -> {
          try {
            refused.complete(new AssertionError("selected " + second.select()));
          } catch (IOException | IllegalStateException e) {
            refused.complete(e);
          }
        });
    assertInstanceOf(IllegalStateException.class, refused.orTimeout(60, TimeUnit.SECONDS).join());
  }
}
