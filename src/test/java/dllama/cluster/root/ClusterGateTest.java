package dllama.cluster.root;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dllama.cluster.root.ClusterGate.Decision.Form;
import dllama.cluster.root.ClusterGate.Decision.Wait;
import dllama.error.UserException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClusterGateTest {
  private static final List<Integer> UP_TO_8 = List.of(1, 2, 4, 8);

  @Test
  void shouldWaitForTheWantedNumberAndSayWhatIsMissing() {
    ClusterGate gate = gate(4, UP_TO_8);
    assertEquals(
        new Wait("3 of 4 nodes; waiting for 1 worker, or --nodes 2"),
        gate.decide(3, 0, seconds(99)));
    assertEquals(
        new Wait("1 of 4 nodes; waiting for 3 workers, or --nodes 1"),
        gate.decide(1, 0, seconds(99)));
    assertEquals(new Form(4), gate.decide(4, 0, seconds(0)));
  }

  @Test
  void shouldLeaveExtraNodesOut() {
    assertEquals(new Form(2), gate(2, UP_TO_8).decide(5, 0, seconds(0)));
    assertEquals(new Form(4), gate(0, UP_TO_8).decide(7, 0, seconds(6)));
  }

  @Test
  void shouldNotUseMoreNodesThanTheModelAllows() {
    assertEquals(new Form(2), gate(0, List.of(1, 2)).decide(8, 0, seconds(6)));
  }

  @Test
  void shouldWaitUntilNoNodeHasComeOrGoneForAWhile() {
    ClusterGate gate = gate(0, UP_TO_8);
    gate.changed(seconds(10));
    assertEquals(
        new Wait("3 nodes here; starting with 2 in 3 s unless more come"),
        gate.decide(3, 0, seconds(12)));
    gate.changed(seconds(13));
    assertEquals(
        new Wait("4 nodes here; starting with 4 in 3 s unless more come"),
        gate.decide(4, 0, seconds(15)));
    assertEquals(new Form(4), gate.decide(4, 0, seconds(18)));
  }

  @Test
  void shouldNotKeepASingleMachineWaiting() {
    ClusterGate gate = gate(0, UP_TO_8);
    assertEquals(Wait.class, gate.decide(1, 0, seconds(0) + 499_000_000).getClass());
    assertEquals(new Form(1), gate.decide(1, 0, seconds(0) + 500_000_000));
  }

  @Test
  void shouldWaitForAWorkerThatIsOnItsWay() {
    ClusterGate gate = gate(0, UP_TO_8);
    assertEquals(Wait.class, gate.decide(1, 1, seconds(4)).getClass());
    assertEquals(new Form(1), gate.decide(1, 1, seconds(5)), "but not for ever");
    assertEquals(new Form(2), gate.decide(2, 0, seconds(5)));
  }

  @Test
  void shouldRefuseANumberThatTheModelCanNotUse() {
    UserException refusal = assertThrows(UserException.class, () -> gate(8, List.of(1, 2, 4)));
    assertEquals(
        "--nodes 8: this model runs on 1, 2, 4 nodes (powers of two that divide its heads and"
            + " widths); use one of these or auto",
        refusal.getMessage());
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
