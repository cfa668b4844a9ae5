package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.cluster.root.SlowNodes.Measured;
import dllama.cluster.root.SlowNodes.Slow;
import dllama.cluster.root.SlowNodes.Verdict;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SlowNodesTest {
  private static final List<String> FOUR = List.of("root", "a:1", "b:1", "c:1");
  private static final List<String> TWO = List.of("root", "a:1");
  private static final Duration QUARTER = Duration.ofMillis(250);
  private static final Duration AGAIN = Duration.ofMinutes(10);

  private final SlowNodes nodes = new SlowNodes(AGAIN);
  private StepTimes times = new StepTimes();
  private long now = -1_000_000_007;

  private Measured measured(List<String> addresses, double... shares) {
    return new Measured(addresses, shares(shares), times);
  }

  private static List<OptionalDouble> shares(double... values) {
    return Arrays.stream(values).mapToObj(OptionalDouble::of).toList();
  }

  private Optional<Slow> slowest(List<String> addresses, double... shares) {
    return SlowNodes.slowest(measured(addresses, shares));
  }

  @Test
  void shouldNameOnlyWhoIsClearlyWaitedFor() {
    assertEquals(Optional.of(new Slow(2, "b:1", 0.6)), slowest(FOUR, 0.05, 0.05, 0.6, 0.1));
    assertEquals(
        Optional.empty(),
        slowest(FOUR, 0.3, 0.3, 0.35, 0.3),
        "a slow network makes all wait for all");
    assertEquals(Optional.empty(), slowest(FOUR, 0, 0.01, 0.2, 0.01));
    assertEquals(Optional.empty(), slowest(List.of("root"), 0.9));
    assertEquals(
        Optional.empty(),
        SlowNodes.slowest(
            new Measured(TWO, List.of(OptionalDouble.of(0.5), OptionalDouble.empty()), times)));
  }

  /// So many seconds of such steps, in quarters of a second; the lines that are due.
  private int measure(int seconds, int stepMillis, List<String> addresses, double... shares) {
    int lines = 0;
    for (int i = 0; i < seconds * 4; i++) {
      now += QUARTER.toNanos();
      for (int spent = 0; spent < QUARTER.toMillis(); spent += stepMillis) {
        times.add(1, Duration.ofMillis(stepMillis).toNanos());
      }
      lines += nodes.measured(measured(addresses, shares), QUARTER, now).isPresent() ? 1 : 0;
    }
    return lines;
  }

  @Test
  void shouldTellOnceAMinuteAndNotOfAMoment() {
    double[] slow = {0.05, 0.05, 0.6, 0.1};
    assertEquals(0, measure(5, 50, FOUR, slow));
    assertEquals(0, measure(1, 50, FOUR, 0.1, 0.1, 0.1, 0.1), "it was a moment");
    assertEquals(0, measure(5, 50, FOUR, slow));
    assertEquals(1, measure(60, 50, FOUR, slow));
    assertEquals(2, measure(120, 50, FOUR, slow));
  }

  @Test
  void shouldPredictWhatTheOthersWouldNeed() {
    // two nodes, of which one takes four times as long: alone the root is twice as fast
    assertEquals(2, SlowNodes.gain(shares(0, 0.75), 1, 1), 1e-9);
    // half as fast: alone would be as fast as both
    assertEquals(1, SlowNodes.gain(shares(0, 0.5), 1, 1), 1e-9);
    // four nodes and a spare in its place: what is waited for it is gone
    assertEquals(1 / (0.4 + 0.1), SlowNodes.gain(shares(0.1, 0.1, 0.5, 0.1), 2, 4), 1e-9);
    // two of four: the others have twice as much to do
    assertEquals(1 / (0.2 * 2 + 0.1), SlowNodes.gain(shares(0.1, 0.1, 0.7, 0.1), 2, 2), 1e-9);
  }

  private Optional<Slow> leaveOut(double... shares) {
    return nodes.leaveOut(measured(TWO, shares), 1, now);
  }

  @Test
  void shouldLeaveOutWhoCostsMoreThanHeBrings() {
    measure(19, 50, TWO, 0, 0.75);
    assertEquals(Optional.empty(), leaveOut(0, 0.75), "not yet");
    measure(2, 50, TWO, 0, 0.75);
    assertEquals("a:1", leaveOut(0, 0.75).orElseThrow().address());
    nodes.reset(false, now);
    assertEquals(Optional.empty(), leaveOut(0, 0.75), "another world is measured anew");
  }

  @Test
  void shouldDecideByEnoughSteps() {
    for (int i = 0; i < 200; i++) { // ticks in which prompts are read
      nodes.measured(measured(TWO, 0, 0.75), QUARTER, now);
    }
    assertEquals(Optional.empty(), leaveOut(0, 0.75));
  }

  @Test
  void shouldKeepWhoIsOfUseAndTheRoot() {
    for (double[] shares : new double[][] {{0, 0.5}, {0, 0.57}, {0.75, 0}, {0.4, 0.5}}) {
      measure(100, 50, TWO, shares);
      assertEquals(Optional.empty(), leaveOut(shares), Arrays.toString(shares));
      nodes.reset(false, now);
    }
  }

  private Duration leaveOut() {
    measure(21, 50, TWO, 0, 0.75);
    Duration rest = nodes.leftOut(leaveOut(0, 0.75).orElseThrow(), measured(TWO, 0, 0.75), now);
    times = new StepTimes();
    nodes.reset(true, now);
    return rest;
  }

  /// Steps of the world without it, until a verdict.
  private Verdict alone(int stepMillis) {
    for (int step = 0; step < 100; step++) {
      times.add(1, Duration.ofMillis(step < 16 ? 500 : stepMillis).toNanos());
      times.add(9, Duration.ofMillis(9000).toNanos());
      Optional<Verdict> verdict = nodes.verdict(times, now);
      if (verdict.isPresent()) {
        assertEquals(31, step);
        assertEquals(Optional.empty(), nodes.verdict(times, now));
        return verdict.get();
      }
    }
    throw new AssertionError("no verdict");
  }

  @Test
  void shouldTryAgainEverMoreSeldom() {
    long minutes = 10;
    for (int time = 0; time < 7; time++) {
      assertEquals(Duration.ofMinutes(minutes), leaveOut());
      Verdict verdict = alone(25);
      assertTrue(verdict.isWorth());
      assertEquals(new StepTimes.Compared(25, 50), verdict.millis());
      now += Duration.ofMinutes(minutes).toNanos() - 1;
      assertEquals(Set.of(), nodes.due(now));
      now++;
      assertEquals(Set.of("a:1"), nodes.due(now));
      assertEquals(Set.of(), nodes.due(now), "once");
      times = new StepTimes();
      nodes.reset(false, now);
      minutes = Math.min(160, 2 * minutes);
    }
    nodes.gone("a:1");
    assertEquals(AGAIN, leaveOut(), "who comes from there is another one");
  }

  @Test
  void shouldTakeBackWhoWasOfUseAndLeaveHimInPeace() {
    leaveOut();
    assertFalse(alone(48).isWorth());
    times = new StepTimes();
    nodes.reset(false, now);
    measure(600, 50, TWO, 0, 0.75);
    assertEquals(Optional.empty(), leaveOut(0, 0.75));
    assertEquals(Set.of(), nodes.due(now));
    measure(1200, 50, TWO, 0, 0.75);
    assertTrue(leaveOut(0, 0.75).isPresent(), "things change");
  }

  @Test
  void shouldLeaveHimInPeaceWhereTheOthersCanNotDoWithoutHim() {
    leaveOut();
    nodes.reset(false, now); // they were lost while they loaded, and he is with them again
    measure(100, 50, TWO, 0, 0.75);
    assertEquals(Optional.empty(), leaveOut(0, 0.75));
  }
}
