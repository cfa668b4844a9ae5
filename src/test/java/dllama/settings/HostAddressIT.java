package dllama.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A home network in network namespaces: a node with two interfaces, and host names that
/// /etc/hosts maps to 127.0.1.1 as Debian writes it.
///
/// ```
/// alone                  10.231.1.1
///                            |
/// node    lan 10.231.1.2 ----+     wan 10.231.2.2 (default route)
/// ```
class HostAddressIT {
  private static final String ID = "dl" + ProcessHandle.current().pid();
  private static final String ALONE = ID + "-alone";
  private static final String NODE = ID + "-node";

  @TempDir static Path folder;

  @BeforeAll
  static void makeNetwork() throws Exception {
    boolean permitted = run("ip", "netns", "add", ALONE).code() == 0;
    assumeTrue(permitted, "network namespaces need root and iproute2");
    ip("netns add " + NODE);
    ip("-n " + ALONE + " link set lo up");
    ip("-n " + NODE + " link set lo up");
    ip("link add lan netns " + NODE + " type veth peer name lan netns " + ALONE);
    ip("-n " + NODE + " link add wan type veth peer name far");
    ip("-n " + ALONE + " address add 10.231.1.1/24 dev lan");
    ip("-n " + NODE + " address add 10.231.1.2/24 dev lan");
    ip("-n " + NODE + " address add 10.231.2.2/24 dev wan");
    for (String link : List.of("lan", "wan", "far")) {
      ip("-n " + NODE + " link set " + link + " up");
    }
    ip("-n " + ALONE + " link set lan up");
    ip("-n " + NODE + " route add default via 10.231.2.1");
    Files.writeString(
        folder.resolve("hosts"),
        """
        127.0.0.1 localhost
        127.0.1.1 node.lan node
        10.231.1.1 alone
        """);
  }

  @AfterAll
  static void removeNetwork() throws Exception {
    run("ip", "netns", "delete", NODE);
    run("ip", "netns", "delete", ALONE);
  }

  @Test
  void shouldAnnounceARootByItsDefaultRoute() throws Exception {
    assertEquals("10.231.2.2", probe(NODE, "root", "auto"));
  }

  @Test
  void shouldNotAnnounceTheLoopbackThatANameMapsTo() throws Exception {
    assertEquals("10.231.2.2", probe(NODE, "root", "node"));
    assertEquals("10.231.2.2", probe(NODE, "root", "node.lan"));
    assertEquals("10.231.2.2", probe(NODE, "worker", "auto", "node"));
  }

  @Test
  void shouldAnnounceAWorkerByItsRouteToTheSeedNode() throws Exception {
    assertEquals("10.231.1.2", probe(NODE, "worker", "auto", "10.231.1.1"));
    assertEquals("10.231.1.2", probe(NODE, "worker", "auto", "alone"));
    assertEquals("10.231.2.2", probe(NODE, "worker", "auto", "10.231.2.1"));
    assertEquals("10.231.1.2", probe(NODE, "worker", "10.231.1.2", "10.231.1.1"));
  }

  @Test
  void shouldAnnounceLoopbackOnlyWhereThereIsNothingElse() throws Exception {
    assertEquals("127.0.0.1", probe(ALONE, "root", "auto"));
    assertEquals("127.0.0.1", probe(NODE, "worker", "auto", "127.0.0.1"));
    assertEquals("10.231.1.1", probe(ALONE, "worker", "auto", "10.231.1.2"));
  }

  @Test
  void shouldSayThatThereIsNoRoute() throws Exception {
    String answer = probe(ALONE, "worker", "auto", "10.231.2.2");
    assertTrue(answer.startsWith("error: no route to the seed node 10.231.2.2"), answer);
  }

  private static String probe(String namespace, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Djdk.net.hosts.file=" + folder.resolve("hosts"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(HostAddressProbe.class.getName());
    command.addAll(Arrays.asList(arguments));
    Result result = run(command.toArray(String[]::new));
    assertEquals(0, result.code(), result.output());
    return result.output();
  }

  private static void ip(String arguments) throws Exception {
    Result result = run(("ip " + arguments).split(" "));
    assertEquals(0, result.code(), "ip " + arguments + ": " + result.output());
  }

  private record Result(int code, String output) {}

  private static Result run(String... command) throws Exception {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(20, TimeUnit.SECONDS), () -> String.join(" ", command));
      return new Result(process.exitValue(), output);
    } catch (IOException e) {
      return new Result(127, e.toString()); // no such program
    }
  }
}
