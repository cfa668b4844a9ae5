package dllama.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class WorkerPoolTest {
  @ParameterizedTest
  @CsvSource({"1, 0", "2, 0", "2, 100", "3, 0", "3, 2000", "7, 10"})
  void shouldRunEveryShareOncePerRound(int threads, int spins) {
    int[] counts = new int[threads];
    try (var pool = new WorkerPool(threads, spins)) {
      for (int round = 0; round < 5000; round++) {
        pool.run((thread, of) -> counts[thread] += of);
      }
    }
    for (int count : counts) {
      assertEquals(5000 * threads, count);
    }
  }

  @Test
  void shouldPublishWorkOfOneRoundToTheNext() {
    int[] data = new int[64];
    try (var pool = new WorkerPool(3)) {
      for (int round = 0; round < 2000; round++) {
        int shift = round % 3; // a thread reads what another one wrote
        pool.run(
            (thread, threads) -> {
              for (int i = (thread + shift) % threads; i < data.length; i += threads) {
                data[i]++;
              }
            });
      }
    }
    for (int value : data) {
      assertEquals(2000, value);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 7, 4", "2, 86, 4", "3, 1, 4", "4, 0, 4", "3, 100, 1"})
  void shouldLetEveryItemBeTakenOncePerRound(int threads, int items, int unit) {
    var counts = new AtomicIntegerArray(items);
    try (var pool = new WorkerPool(threads, 0)) {
      int portion = pool.portion(items, unit);
      assertTrue(portion % unit == 0 && portion > 0, "portion=" + portion);
      for (int round = 0; round < 1000; round++) {
        pool.run(
            (thread, of) -> {
              for (int from = pool.take(portion); from < items; from = pool.take(portion)) {
                for (int item = from; item < Math.min(from + portion, items); item++) {
                  counts.incrementAndGet(item);
                }
              }
            });
      }
    }
    for (int item = 0; item < items; item++) {
      assertEquals(1000, counts.get(item));
    }
  }

  /// A thread that has other things to do does not keep the rest waiting.
  @Test
  void shouldLeaveToOthersWhatAThreadDoesNotTake() {
    var byFirst = new AtomicInteger();
    var byOthers = new AtomicInteger();
    try (var pool = new WorkerPool(2, 0)) {
      int portion = pool.portion(64, 4);
      pool.run(
          (thread, of) -> {
            for (int from = pool.take(portion); from < 64; from = pool.take(portion)) {
              (thread == 0 ? byFirst : byOthers).addAndGet(portion);
              while (thread == 0 && byFirst.get() + byOthers.get() < 64) {
                Thread.onSpinWait();
              }
            }
          });
      assertEquals(64, byFirst.get() + byOthers.get());
      assertTrue(byFirst.get() <= portion, "taken by the one that waited: " + byFirst);
    }
  }

  @Test
  void shouldThrowWhatAWorkerThrowsAndGoOn() {
    try (var pool = new WorkerPool(3, 0)) {
      var failure = new IllegalArgumentException("on purpose");
      var done = new AtomicInteger();
      WorkerPool.Task task =
          (thread, threads) -> {
            if (thread == 2) {
              throw failure;
            }
            done.incrementAndGet();
          };
      assertSame(failure, assertThrows(IllegalArgumentException.class, () -> pool.run(task)));
      assertEquals(2, done.get());
      pool.run((thread, threads) -> done.incrementAndGet());
      assertEquals(5, done.get());
    }
  }

  @Test
  void shouldThrowWhatTheCallerThrowsAfterAllHaveEnded() {
    try (var pool = new WorkerPool(2, 0)) {
      var done = new AtomicInteger();
      assertThrows(
          ArithmeticException.class,
          () ->
              pool.run(
                  (thread, threads) -> {
                    if (thread == 0) {
                      throw new ArithmeticException("on purpose");
                    }
                    Thread.yield();
                    done.incrementAndGet();
                  }));
      assertEquals(1, done.get());
    }
  }

  @Test
  void shouldRefuseATaskWithinATaskAndAfterClose() {
    var pool = new WorkerPool(2);
    WorkerPool.Task nothing = (thread, threads) -> {};
    assertThrows(IllegalStateException.class, () -> pool.run((thread, of) -> pool.run(nothing)));
    pool.run(nothing);
    pool.close();
    pool.close();
    assertThrows(IllegalStateException.class, () -> pool.run(nothing));
  }

  @Test
  void shouldEndItsThreadsWhenClosed() {
    var threads = new Thread[3];
    try (var pool = new WorkerPool(3, 0)) {
      pool.run((thread, of) -> threads[thread] = Thread.currentThread());
    }
    assertSame(Thread.currentThread(), threads[0]);
    assertEquals(Thread.State.TERMINATED, threads[1].getState());
    assertEquals(Thread.State.TERMINATED, threads[2].getState());
  }

  @Test
  void shouldDivideItemsWithoutGaps() {
    for (int threads = 1; threads <= 5; threads++) {
      for (int items = 0; items < 20; items++) {
        assertEquals(0, WorkerPool.from(items, 0, threads));
        assertEquals(items, WorkerPool.from(items, threads, threads));
      }
    }
    assertEquals(1 << 30, WorkerPool.from(1 << 30, 3, 3));
  }
}
