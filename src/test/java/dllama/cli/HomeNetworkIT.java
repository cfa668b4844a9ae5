package dllama.cli;

import static dllama.cli.Namespaces.ip;
import static dllama.cli.Namespaces.run;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.Conformance;
import dllama.key.ClusterKey;
import dllama.key.KeyFile;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
@Tag("by-the-clock")
class HomeNetworkIT {
  private static final String CASE = "llama31_rope_f32";
  private static final String ID = "dlnet" + ProcessHandle.current().pid();
  private static final String SWITCH = ID + "-switch";
  private static final String ROOT_ADDRESS = "10.233.1.1";
  private static final int NODES = 4;

  @TempDir private Path keys;

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
  void shouldFormAClusterOfNodesThatKnowOnlyTheRootAndTheKey() throws IOException {
    ClusterKey key = ClusterKey.random();
    Path rootKey = keys.resolve("root.key");
    KeyFile.write(rootKey, key);
    JsonNode golden = Conformance.golden(CASE).get("prompts").get(0);
    for (int node = 2; node <= NODES; node++) {
      String file = keys.resolve("worker-" + node + ".key").toString();
      start(
          node,
          "--role",
          "worker",
          "--seed-node",
          ROOT_ADDRESS,
          "--cluster-key",
          file,
          "--join",
          key.code());
    }
    List<String> options = new ArrayList<>(List.of("--role", "root"));
    options.addAll(List.of(NodeProcess.inference(CASE, golden.get("text").asText(), 64)));
    options.addAll(List.of("--nodes", String.valueOf(NODES)));
    options.addAll(List.of("--cluster-key", rootKey.toString()));
    NodeProcess root = start(1, options.toArray(String[]::new));
    assertEquals(0, root.exit(NodeProcess.FORM), processes::toString);
    JsonNode result = new ObjectMapper().readTree(String.join("\n", root.out()));
    assertEquals(NODES, result.get("nodes").asInt());
    assertArrayEquals(
        Conformance.ints(golden.get("generated")), Conformance.ints(result.get("tokens")));
    root.awaitError("root at " + ROOT_ADDRESS + ":9990", 1, NodeProcess.FORM);
    assertTrue(root.err().stream().noneMatch(line -> line.contains(key.code())), "shows the key");
    for (int node = 2; node <= NODES; node++) {
      root.awaitError("the worker at 10.233.1." + node + ":", 1, NodeProcess.FORM);
      NodeProcess worker = processes.get(node - 2);
      worker.awaitError("joined the root at " + ROOT_ADDRESS + ":9990", 1, NodeProcess.FORM);
      assertTrue(worker.isAlive(), worker::toString);
    }
  }

  /// A root makes a key where it needs one; a worker without one says what it needs; who wants to
  /// do without is told each time what that means.
  @Test
  void shouldAskForAKeyWhereOthersCanCome() throws IOException {
    String config = "XDG_CONFIG_HOME=" + keys.resolve("config");
    NodeProcess worker = start(config, 2, "--role", "worker", "--seed-node", ROOT_ADDRESS);
    assertEquals(2, worker.exit(NodeProcess.FORM), worker::toString);
    worker.awaitError(
        "needs the cluster key: --join CODE, once, as the root shows it", 1, NodeProcess.FORM);
    NodeProcess root = start(config, 1, "--role", "root", "--nodes", "2");
    root.awaitError("a new cluster key is in " + keys, 1, NodeProcess.FORM);
    root.awaitError("(new ones: and --join CODE, which cluster-key shows)", 1, NodeProcess.FORM);
    NodeProcess show = start(config, 1, "cluster-key");
    assertEquals(0, show.exit(NodeProcess.FORM));
    String code = show.out().getFirst();
    assertEquals(ClusterKey.parse(code).code(), code);
    String theirs = "XDG_CONFIG_HOME=" + keys.resolve("theirs");
    NodeProcess joined =
        start(theirs, 3, "--role", "worker", "--seed-node", ROOT_ADDRESS, "--join", code);
    joined.awaitError("joined the root at " + ROOT_ADDRESS, 1, NodeProcess.FORM);
    NodeProcess insecure =
        start(config, 2, "--role", "worker", "--seed-node", ROOT_ADDRESS, "--insecure");
    insecure.awaitError("--insecure: whoever reaches this node can take part", 1, NodeProcess.FORM);
    root.awaitError("refused: 10.233.1.2 speaks without the cluster key", 1, NodeProcess.FORM);
    assertTrue(root.isAlive() && joined.isAlive());
  }

  private NodeProcess start(String variable, int node, String... arguments) {
    NodeProcess process =
        new NodeProcess(
            List.of("env", variable, "ip", "netns", "exec", name(node)), List.of(arguments));
    processes.add(process);
    return process;
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
}
