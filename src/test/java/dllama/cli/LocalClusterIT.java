package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.Conformance;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/// `scripts/local-cluster` leaves no process and no port behind, however its root ends.
@DisabledOnOs(OS.WINDOWS)
@Tag("by-the-clock")
class LocalClusterIT {
  private static final String CASE = "llama31_rope_f32";
  private static final Pattern PORT = Pattern.compile("root at 127\\.0\\.0\\.1:(\\d+)");

  /// All processes that were seen beside the root, which takes the script's place.
  private final Set<ProcessHandle> others = new HashSet<>();

  @AfterEach
  void killAll() {
    others.forEach(ProcessHandle::destroyForcibly);
  }

  @Test
  void shouldLeaveNothingAfterAnAnswer() throws IOException {
    JsonNode golden = Conformance.golden(CASE).get("prompts").get(0);
    try (NodeProcess root =
        start(
            "inference",
            "--temperature",
            "0",
            "--output",
            "json",
            "--prompt",
            golden.get("text").asText(),
            "--steps",
            "64")) {
      awaitReady(root);
      assertEquals(0, root.exit(NodeProcess.FORM), root::toString);
      JsonNode result = new ObjectMapper().readTree(String.join("\n", root.out()));
      assertArrayEquals(
          Conformance.ints(golden.get("generated")), Conformance.ints(result.get("tokens")));
      awaitNothing(root);
    }
  }

  @Test
  void shouldLeaveNothingWhenTheRootIsKilled() {
    try (NodeProcess root = start("chat")) {
      awaitReady(root);
      root.signal("KILL");
      root.exit(NodeProcess.FORM);
      awaitNothing(root);
    }
  }

  private static NodeProcess start(String mode, String... options) {
    return NodeProcess.command(
        List.of("scripts/local-cluster", "2", mode),
        List.of(
            "--model",
            Conformance.file(CASE, "model.m").toString(),
            "--tokenizer",
            Conformance.file(CASE, "tokenizer.t").toString()),
        List.of(options));
  }

  private void awaitReady(NodeProcess root) {
    root.await(
        NodeProcess.FORM,
        node -> {
          node.handle().descendants().forEach(others::add);
          return node.err().stream().anyMatch(line -> line.startsWith("2 nodes ready"));
        });
    assertTrue(others.stream().anyMatch(LocalClusterIT::isWorker), root::toString);
  }

  private void awaitNothing(NodeProcess root) {
    root.await(NodeProcess.FORM, _ -> running().isEmpty() && isFree(port(root)));
  }

  private Set<ProcessHandle> running() {
    return others.stream().filter(LocalClusterIT::runs).collect(Collectors.toSet());
  }

  /// A process that has ended but was not waited for by its parent has no command.
  private static boolean runs(ProcessHandle process) {
    return process.isAlive() && process.info().command().isPresent();
  }

  private static boolean isWorker(ProcessHandle process) {
    return process.info().command().orElse("").endsWith("java");
  }

  private static int port(NodeProcess root) {
    Matcher matcher = PORT.matcher(String.join("\n", root.err()));
    assertTrue(matcher.find(), root::toString);
    return Integer.parseInt(matcher.group(1));
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true); // its closed connections do not count
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return true;
    } catch (BindException e) {
      return false;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
