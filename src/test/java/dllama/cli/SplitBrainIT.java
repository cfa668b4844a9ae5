package dllama.cli;

import static dllama.cli.Namespaces.ip;
import static dllama.cli.Namespaces.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Two roots and a worker that knows both, each in a network namespace. The first root's cable is
/// cut, the worker finds the second one, and the cable is mended: both roots live, and each may
/// believe that the worker is its own. Only one may use it.
@Tag("by-the-clock")
class SplitBrainIT {
  private static final String ID = "dlsplit" + ProcessHandle.current().pid() % 100_000;
  private static final String SWITCH = ID + "s";
  private static final int NODES = 3;
  private static final String QUESTION = "What is 2 plus 3?";

  private final List<NodeProcess> processes = new ArrayList<>();

  @BeforeEach
  void makeNetwork() throws Exception {
    assumeTrue(run("ip netns add " + SWITCH) == 0, "network namespaces need root and iproute2");
    ip("-n " + SWITCH + " link add lan type bridge");
    ip("-n " + SWITCH + " link set lan up");
    for (int node = 1; node <= NODES; node++) {
      ip("netns add " + ID + node);
      ip("-n " + ID + node + " link set lo up");
      ip("link add lan netns " + ID + node + " type veth peer name p" + node + " netns " + SWITCH);
      ip("-n " + SWITCH + " link set p" + node + " master lan up");
      ip("-n " + ID + node + " address add 10.235.1." + node + "/24 dev lan");
      ip("-n " + ID + node + " link set lan up");
    }
  }

  @AfterEach
  void removeAll() throws Exception {
    processes.forEach(NodeProcess::close);
    for (int node = 1; node <= NODES; node++) {
      run("ip netns delete " + ID + node);
    }
    run("ip netns delete " + SWITCH);
  }

  @Test
  void shouldLetOnlyOneRootUseAWorker() throws Exception {
    NodeProcess worker =
        start(
            3,
            List.of(
                "--role",
                "worker",
                "--insecure",
                "--port",
                "9991",
                "--seed-node",
                "10.235.1.1",
                "--seed-node",
                "10.235.1.2"));
    worker.awaitError("looking for a root", 1, NodeProcess.FORM);
    NodeProcess first = root(1);
    first.awaitError("2 nodes ready", 1, NodeProcess.FORM);
    String answer = ask(first);

    ip("-n " + SWITCH + " link set p1 down"); // no end of a connection reaches anybody
    worker.awaitError("looking for a root again", 1, NodeProcess.FORM);
    NodeProcess second = root(2);
    second.awaitError("2 nodes ready", 1, NodeProcess.FORM);
    first.awaitError("1 node goes on", 1, NodeProcess.FORM);
    assertEquals(answer, ask(second));
    assertEquals(answer, ask(first), "the first root goes on alone");

    ip("-n " + SWITCH + " link set p1 up");
    for (int i = 1; i < 4; i++) {
      assertEquals(answer, ask(second), "the second root keeps the worker");
      assertEquals(answer, ask(first), "and the first one does without");
      NodeProcess.sleep(1500); // some signs of life of either root
    }
    assertEquals(1, ready(first, "2 nodes ready"), first::toString);
    assertEquals(1, ready(second, "2 nodes ready"), second::toString);
    assertEquals(0, ready(second, "has "), second::toString); // nobody was lost
    assertEquals(2, ready(worker, "computing as rank 1 of 2"), worker::toString);
    assertEquals(2, ready(worker, "joined the root"), worker::toString);
  }

  private static long ready(NodeProcess node, String part) {
    return node.err().stream().filter(line -> line.contains(part)).count();
  }

  /// Asks anew, with the same beginning each time.
  private static String ask(NodeProcess root) {
    root.type("/reset");
    int lines = root.out().size();
    int answers = answers(root);
    root.type(QUESTION);
    // Two streams: what it took may be here before the answer.
    root.await(NodeProcess.FORM, node -> answers(node) > answers && node.out().size() > lines);
    return String.join("\n", root.out().subList(lines, root.out().size()));
  }

  /// Lines that tell what an answer took.
  private static int answers(NodeProcess root) {
    return (int) root.err().stream().filter(line -> line.contains("tokens/s")).count();
  }

  private NodeProcess root(int node) {
    return start(
        node,
        List.of(
            "chat",
            "--insecure",
            "--host",
            "10.235.1." + node,
            "--buffer-float-type",
            "f32",
            "--temperature",
            "0",
            "--form-timeout",
            "1s",
            "-Ddllama.alone-timeout=10s"));
  }

  private NodeProcess start(int node, List<String> arguments) {
    List<String> all = new ArrayList<>(arguments);
    all.addAll(List.of("--threads", "1"));
    NodeProcess process = new NodeProcess(List.of("ip", "netns", "exec", ID + node), all);
    processes.add(process);
    return process;
  }
}
