package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.Conformance;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// A home network of network namespaces, in each of which the machine's own name is 127.0.1.1, as
/// Debian has it. Nodes are started as a user would: the workers know the root's address, and
/// nothing else is said.
///
/// ```
/// root 10.233.1.1   worker-1 10.233.1.2   worker-2 10.233.1.3   worker-3 10.233.1.4
///        |                 |                     |                     |      \
///        +-----------------+------ a switch -----+---------------------+       another interface
///                                                             10.233.2.2, with the default route
/// ```
class HomeNetworkIT {
  private static final String CASE = "llama31_rope_f32";
  private static final String ID = "dlnet" + ProcessHandle.current().pid();
  private static final String SWITCH = ID + "-switch";
  private static final String ROOT_ADDRESS = "10.233.1.1";
  private static final int NODES = 4;

  private final List<NodeProcess> processes = new ArrayList<>();

  @BeforeAll
  static void makeNetwork() throws Exception {
    assumeTrue(run("ip netns add " + SWITCH) == 0, "network namespaces need root and iproute2");
    ip("-n " + SWITCH + " link add lan type bridge");
    ip("-n " + SWITCH + " link set lan up");
    for (int node = 1; node <= NODES; node++) {
      String name = name(node);
      ip("netns add " + name);
      ip("-n " + name + " link set lo up");
      ip("link add lan netns " + name + " type veth peer name port" + node + " netns " + SWITCH);
      ip("-n " + SWITCH + " link set port" + node + " master lan up");
      ip("-n " + name + " address add 10.233.1." + node + "/24 dev lan");
      ip("-n " + name + " link set lan up");
      if (node < NODES) {
        ip("-n " + name + " route add default via 10.233.1.254");
      }
      Path hosts = Files.createDirectories(Path.of("/etc/netns", name)).resolve("hosts");
      String self = InetAddress.getLocalHost().getHostName();
      Files.writeString(hosts, "127.0.0.1 localhost\n127.0.1.1 " + self + "\n");
    }
    ip("-n " + name(NODES) + " link add wan type veth peer name far");
    ip("-n " + name(NODES) + " address add 10.233.2.2/24 dev wan");
    ip("-n " + name(NODES) + " link set wan up");
    ip("-n " + name(NODES) + " link set far up");
    ip("-n " + name(NODES) + " route add default via 10.233.2.1");
  }

  @AfterAll
  static void removeNetwork() throws Exception {
    for (int node = 1; node <= NODES; node++) {
      run("ip netns delete " + name(node));
      Path folder = Path.of("/etc/netns", name(node));
      Files.deleteIfExists(folder.resolve("hosts"));
      Files.deleteIfExists(folder);
    }
    run("ip netns delete " + SWITCH);
  }

  @AfterEach
  void killAll() {
    processes.forEach(NodeProcess::close);
  }

  @Test
  void shouldFormAClusterOfNodesThatKnowOnlyTheRoot() throws IOException {
    JsonNode golden = Conformance.golden(CASE).get("prompts").get(0);
    for (int node = 2; node <= NODES; node++) {
      start(node, "--role", "worker", "--seed-node", ROOT_ADDRESS);
    }
    List<String> options = new ArrayList<>(List.of("--role", "root"));
    options.addAll(List.of(NodeProcess.inference(CASE, golden.get("text").asText(), 64)));
    options.addAll(List.of("--nodes", String.valueOf(NODES)));
    NodeProcess root = start(1, options.toArray(String[]::new));
    assertEquals(0, root.exit(NodeProcess.FORM), processes::toString);
    JsonNode result = new ObjectMapper().readTree(String.join("\n", root.out()));
    assertEquals(NODES, result.get("nodes").asInt());
    assertArrayEquals(
        Conformance.ints(golden.get("generated")), Conformance.ints(result.get("tokens")));
    root.awaitError("root at " + ROOT_ADDRESS + ":9990", 1, NodeProcess.FORM);
    root.awaitError("no cluster key yet: whoever reaches", 1, NodeProcess.FORM);
    for (int node = 2; node <= NODES; node++) {
      root.awaitError("the worker at 10.233.1." + node + ":", 1, NodeProcess.FORM);
      NodeProcess worker = processes.get(node - 2);
      worker.awaitError("joined the root at " + ROOT_ADDRESS + ":9990", 1, NodeProcess.FORM);
      assertTrue(worker.isAlive(), worker::toString);
    }
  }

  private static String name(int node) {
    return ID + "-" + node;
  }

  private NodeProcess start(int node, String... arguments) {
    NodeProcess process =
        new NodeProcess(List.of("ip", "netns", "exec", name(node)), List.of(arguments));
    processes.add(process);
    return process;
  }

  private static void ip(String arguments) throws Exception {
    assertEquals(0, run("ip " + arguments), "ip " + arguments);
  }

  private static int run(String command) throws Exception {
    try {
      Process process =
          new ProcessBuilder(command.split(" "))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), command);
      return process.exitValue();
    } catch (IOException e) {
      return 127; // no such program
    }
  }
}
