package dllama.cluster.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A sleep that should end at once would last an hour if the wake-up was lost.
@Timeout(30)
class AlarmTest {
  private static final long HOUR = Duration.ofHours(1).toNanos();

  private final Alarm alarm = new Alarm();
  private Selector selector;

  @BeforeEach
  void open() throws IOException {
    selector = Selector.open();
  }

  @AfterEach
  void close() throws IOException {
    selector.close();
  }

  private int sleep(boolean inSelector, BooleanSupplier reason, long nanos) throws IOException {
    return alarm.sleep(reason, inSelector ? selector : null, nanos);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldNotSleepWithAReasonThatCameBeforeTheAlarmWasSet(boolean inSelector)
      throws IOException {
    assertEquals(0, sleep(inSelector, () -> true, HOUR));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldKeepARingBetweenTheLookAtTheReasonAndTheSleep(boolean inSelector) throws IOException {
    BooleanSupplier ringsTooEarly =
        () -> {
          alarm.ring();
          return false;
        };
    assertEquals(0, sleep(inSelector, ringsTooEarly, HOUR));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldEndTheSleepWhenRung(boolean inSelector) throws IOException, InterruptedException {
    var ringer =
        Thread.ofPlatform()
            .start(
                () -> {
                  LockSupport.parkNanos(20_000_000);
                  alarm.ring();
                });
    assertEquals(0, sleep(inSelector, () -> false, HOUR));
    ringer.join();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldSleepUntilTheTimeHasPassed(boolean inSelector) throws IOException {
    alarm.ring(); // wakes nobody, and is no reason for later
    long start = System.nanoTime();
    while (System.nanoTime() - start < 10_000_000) { // parking may end early
      sleep(inSelector, () -> false, 10_000_000);
    }
    assertTrue(System.nanoTime() - start < HOUR);
    assertEquals(0, sleep(inSelector, () -> false, -1));
  }

  @Test
  void shouldEndTheSleepWhenAChannelIsReady() throws IOException {
    Pipe pipe = Pipe.open();
    try (var source = pipe.source();
        var sink = pipe.sink()) {
      source.configureBlocking(false);
      source.register(selector, SelectionKey.OP_READ);
      sink.write(java.nio.ByteBuffer.wrap(new byte[1]));
      assertEquals(1, sleep(true, () -> false, HOUR));
    }
  }
}
