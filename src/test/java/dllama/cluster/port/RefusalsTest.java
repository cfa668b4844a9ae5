package dllama.cluster.port;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RefusalsTest {
  private final AtomicLong time = new AtomicLong();
  private final Refusals refusals = new Refusals(time::get);
  private final List<String> told = new ArrayList<>();

  @BeforeEach
  void listen() {
    refusals.report(told::add);
  }

  /// A flood of one kind does not hide another one.
  @Test
  void shouldTellOfEachKindOnceAMinute() {
    for (int second = 0; second < 120; second++) {
      time.set(Duration.ofSeconds(second).toNanos());
      for (int i = 0; i < 100; i++) {
        refusals.refused("10.0.0.1", "announces a frame of %d bytes (28 to 9)".formatted(i));
      }
      refusals.refused("10.0.0.2", "has another cluster key");
    }
    assertEquals(
        List.of(
            "refused: 10.0.0.1 announces a frame of 0 bytes (28 to 9)",
            "refused: 10.0.0.2 has another cluster key",
            "refused: 10.0.0.1 announces a frame of 0 bytes (28 to 9)"
                + " (and 5999 more since the last such line)",
            "refused: 10.0.0.2 has another cluster key (and 59 more since the last such line)"),
        told);
    assertEquals(120 * 101, refusals.count());
  }

  /// Some words are the stranger's.
  @Test
  void shouldNotSayMoreLinesThanThereAreKinds() {
    for (int i = 0; i < 10_000; i++) {
      refusals.refused("somebody", "says hello in the name of " + word(i));
    }
    assertEquals(17, told.size(), told::toString);
    time.addAndGet(Duration.ofMinutes(1).toNanos());
    refusals.refused("10.0.0.2", "has another cluster key");
    assertTrue(told.getLast().startsWith("refused: 10.0.0.2 has another cluster key"));
    assertEquals(18, told.size(), told::toString);
    for (int i = 0; i < 10_000; i++) {
      refusals.refused("somebody", "says hello in the name of " + word(i));
    }
    assertTrue(told.size() <= 18 + 17, told::toString);
  }

  private static String word(int number) {
    return Integer.toString(number, Character.MAX_RADIX).replaceAll("[0-9]", "");
  }

  @Test
  void shouldTellNobodyWhoHasEnded() {
    try (var _ = refusals.report(told::add)) {
      refusals.refused("10.0.0.1", "has another cluster key");
      assertEquals(2, told.size());
    }
    refusals.refused("10.0.0.1", "speaks another protocol");
    assertEquals(3, told.size());
  }
}
