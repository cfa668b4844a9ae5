package dllama.cluster.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RoundTripsTest {
  private final RoundTrips trips = new RoundTrips();

  @Test
  void shouldTellTheShortestOfTheLastTenSeconds() {
    assertTrue(trips.shortestNanos() < 0);
    back(0, 300);
    back(1000, 200);
    back(2000, 900);
    assertEquals(200, trips.shortestNanos());
    for (int i = 0; i < 40; i++) {
      back(10_000 + 1000 * i, 500);
    }
    assertEquals(500, trips.shortestNanos());
  }

  private void back(long from, long nanos) {
    trips.back(trips.begin(from), from + nanos);
  }

  @Test
  void shouldTimeOneThatTakesLongerThanTheNextIsSent() {
    long number = trips.begin(0);
    assertEquals(number, trips.begin(250));
    trips.back(number, 400);
    trips.back(number, 700); // the answer to the second one
    assertEquals(400, trips.shortestNanos());
  }

  @Test
  void shouldNotBelieveAnswersToWhatWasNotAsked() {
    trips.back(1, 5);
    long number = trips.begin(100);
    trips.back(number + 1, 101);
    assertTrue(trips.shortestNanos() < 0);
    long later = trips.begin(TimeUnit.SECONDS.toNanos(6));
    assertEquals(number + 1, later, "the first one is lost");
    trips.back(number, TimeUnit.SECONDS.toNanos(6) + 1);
    assertTrue(trips.shortestNanos() < 0);
  }
}
