package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.FreePort;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Chats with the model in the jar, on one and on four real processes. What it says is text, which
/// shows mistakes that numbers hide.
class BuiltInModelIT {
  private static final List<String> TURNS =
      List.of("What is a shard?", "Tell me more.", "What is 7 + 5?");

  private final int port = FreePort.find();
  private final List<NodeProcess> processes = new ArrayList<>();

  @AfterEach
  void killAll() {
    processes.forEach(NodeProcess::close);
  }

  @Test
  void shouldSayTheSameOnOneAndOnFourNodes() {
    List<String> alone = chat(1, "f32");
    assertEquals(TURNS.size(), alone.size(), alone::toString);
    assertTrue(alone.get(0).contains("slice"), alone::toString);
    assertTrue(alone.get(1).contains("Two nodes hold half"), alone::toString);
    assertTrue(alone.get(2).contains("7 + 5 = 12."), alone::toString);
    for (int i = 1; i < 4; i++) {
      processes.add(
          NodeProcess.worker(port, NodeProcess.PATIENCE)); // they join one root after the other
    }
    assertEquals(alone, chat(4, "f32"));
    List<String> rounded = chat(4, "q80");
    System.out.printf(
        "of %d answers on 1 node with f32, %d are the same on 4 nodes with q80%n",
        TURNS.size(),
        IntStream.range(0, TURNS.size()).filter(i -> alone.get(i).equals(rounded.get(i))).count());
  }

  /// The answers to all turns.
  private List<String> chat(int nodes, String exchange) {
    NodeProcess root =
        NodeProcess.root(
            port,
            nodes,
            "chat",
            "--temperature",
            "0",
            "--buffer-float-type",
            exchange,
            NodeProcess.PATIENCE);
    processes.add(root);
    for (int turn = 0; turn < TURNS.size(); turn++) {
      root.type(TURNS.get(turn));
      root.awaitError("tokens/s", turn + 1, NodeProcess.FORM);
    }
    root.type("/exit");
    assertEquals(0, root.exit(NodeProcess.FORM), root::toString);
    assertEquals(1, root.err().stream().filter(line -> line.startsWith("built-in model:")).count());
    return root.out();
  }
}
