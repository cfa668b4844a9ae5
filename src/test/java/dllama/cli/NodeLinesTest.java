package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import dllama.cluster.root.NodeState;
import dllama.cluster.root.NodesHere;
import dllama.cluster.wire.NodeFigures;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class NodeLinesTest {
  private static final long GB = 1L << 30;

  private static NodeState state(double load, double roundTripMs, double waitShare) {
    return new NodeState(
        new NodeFigures(8 * GB, 3 * GB, 4, load),
        7 * GB,
        Optional.empty(),
        List.of(),
        roundTripMs < 0 ? OptionalDouble.empty() : OptionalDouble.of(roundTripMs),
        waitShare < 0 ? OptionalDouble.empty() : OptionalDouble.of(waitShare));
  }

  private static NodesHere here(double ofRoot, double ofWorker) {
    return new NodesHere(
        0,
        "10.0.0.1:1",
        List.of("10.0.0.1:1", "10.0.0.2:1"),
        List.of("10.0.0.3:1", "10.0.0.4:1"),
        "",
        Map.of(
            "10.0.0.1:1", state(1.25, -1, ofRoot),
            "10.0.0.2:1", state(4, 0.4321, ofWorker),
            "10.0.0.3:1", state(0, 1, -1)));
  }

  @Test
  void shouldTellOfEachNodeAndNameWhoMakesOthersWait() {
    assertEquals(
        List.of(
            "this root: 3.00 GB of 8.00 GB free, load 1.3, others wait for it 2 % of the time",
            "10.0.0.2:1: 3.00 GB of 8.00 GB free, load 4.0, round trip 0.43 ms,"
                + " others wait for it 31 % of the time",
            "10.0.0.3:1: 3.00 GB of 8.00 GB free, load 0.0, round trip 1.00 ms",
            "10.0.0.2:1 makes the others wait, 31 % of the time"),
        NodeLines.of(here(0.02, 0.31)));
  }

  @Test
  void shouldNameNobodyWhereTheNetworkIsWaitedFor() {
    List<String> lines = NodeLines.of(here(0.3, 0.35));
    assertEquals(3, lines.size(), lines.toString());
    assertEquals(4, NodeLines.of(here(0.3, 0.1)).size(), "the root may be the one, too");
  }

  @Test
  void shouldTellTheSameOfARootElsewhere() throws JsonProcessingException {
    String document =
        """
        [{"id": "root", "role": "root", "address": "10.0.0.1:1", "memoryTotal": 8589934592,
          "memoryAvailable": 3221225472, "load": 1.25, "waitShare": 0.02},
         {"id": "10.0.0.2:1", "role": "worker", "address": "10.0.0.2:1", "roundTripMs": 0.4321,
          "waitShare": 0.31, "slowest": true}]\
        """;
    assertEquals(
        List.of(
            "the root: 3.00 GB of 8.00 GB free, load 1.3, others wait for it 2 % of the time",
            "10.0.0.2:1: round trip 0.43 ms, others wait for it 31 % of the time",
            "10.0.0.2:1 makes the others wait, 31 % of the time"),
        NodeLines.of(Json.tree(document)));
  }

  @Test
  void shouldBeSilentWhereThereIsOneNode() {
    assertEquals(List.of(), NodeLines.of(new NodesHere(0, List.of("a:1"), List.of(), "")));
  }
}
