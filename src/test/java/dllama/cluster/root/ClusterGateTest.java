package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dllama.cluster.root.ClusterGate.Decision.Form;
import dllama.cluster.root.ClusterGate.Decision.Wait;
import dllama.error.UserException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ClusterGateTest {
  private static final List<Integer> UP_TO_8 = List.of(1, 2, 4, 8);

  @Test
  void shouldWaitForTheWantedNumberAndSayWhatIsMissing() {
    ClusterGate gate = gate(4, UP_TO_8);
    assertEquals(
        new Wait("3 of 4 nodes; waiting for 1 worker, or --nodes 2"),
        gate.decide(3, 0, true, seconds(99)));
    assertEquals(
        new Wait("1 of 4 nodes; waiting for 3 workers, or --nodes 1"),
        gate.decide(1, 0, true, seconds(99)));
    assertEquals(new Form(4), gate.decide(4, 0, true, seconds(0)));
  }

  @Test
  void shouldLeaveExtraNodesOut() {
    assertEquals(new Form(2), gate(2, UP_TO_8).decide(5, 0, true, seconds(0)));
    assertEquals(new Form(4), gate(0, UP_TO_8).decide(7, 0, true, seconds(6)));
  }

  @Test
  void shouldNotUseMoreNodesThanTheModelAllows() {
    assertEquals(new Form(2), gate(0, List.of(1, 2)).decide(8, 0, true, seconds(6)));
  }

  @Test
  void shouldWaitUntilNoNodeHasComeOrGoneForAWhile() {
    ClusterGate gate = gate(0, UP_TO_8);
    gate.changed(seconds(10));
    assertEquals(
        new Wait("3 nodes here; starting with 2 in 3 s unless more come"),
        gate.decide(3, 0, true, seconds(12)));
    gate.changed(seconds(13));
    assertEquals(
        new Wait("4 nodes here; starting with 4 in 3 s unless more come"),
        gate.decide(4, 0, true, seconds(15)));
    assertEquals(new Form(4), gate.decide(4, 0, true, seconds(18)));
  }

  @Test
  void shouldNotKeepASingleMachineWaiting() {
    ClusterGate gate = gate(0, UP_TO_8);
    assertEquals(Wait.class, gate.decide(1, 0, true, seconds(0) + 499_000_000).getClass());
    assertEquals(new Form(1), gate.decide(1, 0, true, seconds(0) + 500_000_000));
  }

  @Test
  void shouldWaitForAWorkerThatIsOnItsWay() {
    ClusterGate gate = gate(0, UP_TO_8);
    assertEquals(Wait.class, gate.decide(1, 1, true, seconds(4)).getClass());
    assertEquals(new Form(1), gate.decide(1, 1, true, seconds(5)), "but not for ever");
    assertEquals(new Form(2), gate.decide(2, 0, true, seconds(5)));
  }

  @Test
  void shouldRefuseANumberThatTheModelCanNotUse() {
    UserException refusal = assertThrows(UserException.class, () -> gate(8, List.of(1, 2, 4)));
    assertEquals(
        "--nodes 8: this model runs on 1, 2, 4 nodes (powers of two that divide its heads and"
            + " widths); use one of these or auto",
        refusal.getMessage());
  }

  @Test
  void shouldReplaceAWorldByALargerOneWhenNoMoreCome() {
    ClusterGate gate = gate(0, UP_TO_8);
    gate.changed(seconds(10));
    assertEquals(OptionalInt.empty(), gate.change(1, 2, seconds(14)), "more may come");
    assertEquals(OptionalInt.of(2), gate.change(1, 2, seconds(15)));
    assertEquals(OptionalInt.empty(), gate.change(2, 3, seconds(15)), "3 are used as 2 are");
    assertEquals(OptionalInt.of(4), gate.change(2, 5, seconds(15)));
    assertEquals(OptionalInt.empty(), gate(0, List.of(1, 2)).change(2, 9, seconds(99)));
  }

  @Test
  void shouldReplaceAWorldByTheOneThatIsAskedFor() {
    ClusterGate gate = gate(2, UP_TO_8);
    assertEquals(OptionalInt.empty(), gate.change(2, 8, seconds(99)));
    gate.want(4);
    assertEquals(4, gate.wanted());
    assertEquals(OptionalInt.empty(), gate.change(2, 3, seconds(0)), "they are not there");
    assertEquals(OptionalInt.of(4), gate.change(2, 4, seconds(0)), "without waiting for more");
    gate.want(1);
    assertEquals(OptionalInt.of(1), gate.change(2, 2, seconds(0)));
    gate.want(0);
    assertEquals(OptionalInt.empty(), gate.change(2, 3, seconds(99)));
    assertEquals(new Form(2), gate.decide(3, 0, true, seconds(99)), "from now on");
  }

  @Test
  void shouldKeepTheWantedNumberWhenAnotherIsRefused() {
    ClusterGate gate = gate(2, List.of(1, 2, 4));
    UserException refusal = assertThrows(UserException.class, () -> gate.want(3));
    assertEquals("/nodes 3: this model runs on 1, 2, 4 nodes", firstPart(refusal));
    assertEquals(2, gate.wanted());
  }

  /// What has failed is tried again after a while, and ever more seldom until it is ready.
  @Test
  void shouldNotTryAgainAtOnceWhatHasFailed() {
    ClusterGate gate = gate(0, UP_TO_8);
    int now = 99;
    for (int wait : new int[] {15, 30, 60, 120, 240, 240}) {
      gate.failed(4, seconds(now));
      assertEquals(OptionalInt.of(2), gate.change(1, 2, seconds(now)));
      assertEquals(OptionalInt.empty(), gate.change(2, 4, seconds(now + wait - 1)));
      assertEquals(OptionalInt.empty(), gate.change(2, 8, seconds(now + wait - 1)));
      now += wait;
      assertEquals(OptionalInt.of(4), gate.change(2, 4, seconds(now)));
    }
    gate.ready(2);
    gate.failed(4, seconds(now));
    assertEquals(OptionalInt.empty(), gate.change(2, 4, seconds(now + 239)), "two are no success");
    gate.ready(4);
    gate.failed(4, seconds(now));
    assertEquals(OptionalInt.of(4), gate.change(2, 4, seconds(now + 15)), "from the beginning");
  }

  @Test
  void shouldTryAgainAtOnceWhatHasFailedIfTheUserWantsIt() {
    ClusterGate gate = gate(0, UP_TO_8);
    gate.failed(4, seconds(99));
    gate.want(0);
    assertEquals(OptionalInt.of(4), gate.change(2, 4, seconds(99)));
  }

  @Test
  void shouldNotKeepAnAnswerWaitingAfterALoss() {
    ClusterGate gate = gate(0, UP_TO_8);
    gate.changed(seconds(10));
    gate.lost(4);
    assertEquals(new Form(4), gate.decide(4, 0, false, seconds(10)), "a spare has its place");
    assertEquals(new Form(2), gate.decide(3, 1, true, seconds(10)));
    assertEquals(new Form(1), gate.decide(1, 0, true, seconds(10)));
    assertEquals(Wait.class, gate.decide(3, 0, false, seconds(10)).getClass(), "nobody asks");
    gate.ready(2);
    assertEquals(Wait.class, gate.decide(3, 0, true, seconds(10)).getClass());
  }

  @Test
  void shouldGoOnWithFewerThanWantedAfterALoss() {
    ClusterGate gate = gate(4, UP_TO_8);
    gate.lost(4);
    assertEquals(new Form(4), gate.decide(8, 0, false, seconds(0)));
    assertEquals(new Form(2), gate.decide(3, 0, true, seconds(0)));
    assertEquals(
        new Wait("3 of 4 nodes; waiting for 1 worker, or --nodes 2"),
        gate.decide(3, 0, false, seconds(0)));
    gate.ready(2);
    assertEquals(OptionalInt.of(4), gate.change(2, 4, seconds(0)), "as many as are wanted");
  }

  private static String firstPart(UserException refusal) {
    return String.valueOf(refusal.getMessage()).split(" \\(", 2)[0];
  }

  private static ClusterGate gate(int wanted, List<Integer> usable) {
    return new ClusterGate(
        wanted, usable, Duration.ofSeconds(5), Duration.ofMillis(500), seconds(0));
  }

  /// An arbitrary clock that also passes through negative values, as `nanoTime` may.
  private static long seconds(long seconds) {
    return -3_000_000_000L + seconds * 1_000_000_000L;
  }
}
