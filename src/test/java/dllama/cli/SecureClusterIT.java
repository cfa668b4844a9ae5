package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.Conformance;
import dllama.FreePort;
import dllama.key.ClusterKey;
import dllama.key.KeyFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Nodes with a cluster key, as users start them, and all kinds of strangers at their ports: nodes
/// with another key or none, other protocols, garbage, giant frames, what was recorded, and
/// connections that begin and say no more. No answer changes, nobody is taken in, memory stays, and
/// there is a line about each kind, and not many.
@Tag("by-the-clock")
class SecureClusterIT {
  private static final String CASE = "llama31_rope_f32";
  private static final int HALF_OPEN = 200;
  private static final List<String> REFUSED =
      List.of(
          "has another cluster key",
          "speaks without the cluster key",
          "speaks HTTP: this is the port between nodes",
          "speaks another protocol",
          "does not speak TLS as nodes do",
          "repeats what was said over another connection",
          "opens connections and says nothing");
  private static final long SEED = 17;

  @TempDir private Path folder;

  private final int port = FreePort.find();
  private final List<NodeProcess> nodes = new ArrayList<>();
  private final List<Socket> halfOpen = new ArrayList<>();

  @AfterEach
  void close() throws IOException {
    nodes.forEach(NodeProcess::close);
    for (Socket socket : halfOpen) {
      socket.close();
    }
  }

  @Test
  void shouldLetNobodyInWithoutTheKey() throws Exception {
    JsonNode golden = Conformance.golden(CASE).get("prompts").get(0);
    String key = keyFile("cluster.key").toString();
    byte[] recorded = greetingOf(key);
    NodeProcess worker = start(NodeProcess.lightWorker(port, "--cluster-key", key));
    NodeProcess root = start(root(golden.get("text").asText(), key));
    root.awaitError("2 of 4 nodes; waiting", 1, NodeProcess.FORM);
    long memory = residentKilobytes(root);

    NodeProcess foreign =
        start(NodeProcess.lightWorker(port, "--cluster-key", keyFile("other.key").toString()));
    foreign.awaitError("has another cluster key", 1, NodeProcess.FORM);
    NodeProcess plain = start(NodeProcess.lightWorker(port));
    plain.awaitError("looking for a root", 1, NodeProcess.FORM);
    replay(recorded);
    openHalf(recorded);
    var done = new AtomicBoolean();
    var strays =
        CompletableFuture.runAsync(
            () -> {
              while (!done.get()) {
                bother(recorded);
              }
            });
    NodeProcess.sleep(3000);
    assertTrue(residentKilobytes(root) - memory < 256 * 1024, "memory grows");
    NodeProcess second = start(NodeProcess.lightWorker(port, "--cluster-key", key));
    NodeProcess third = start(NodeProcess.lightWorker(port, "--cluster-key", key));
    int code = root.exit(NodeProcess.FORM);
    done.set(true);
    strays.join();
    assertEquals(0, code, root::toString);
    JsonNode result = new ObjectMapper().readTree(String.join("\n", root.out()));
    assertEquals(4, result.get("nodes").asInt());
    assertArrayEquals(
        Conformance.ints(golden.get("generated")), Conformance.ints(result.get("tokens")));
    for (NodeProcess node : List.of(worker, second, third)) {
      assertTrue(node.isAlive(), node::toString);
      assertEquals(1, lines(node, "joined the root"), node::toString);
    }
    for (NodeProcess node : List.of(foreign, plain)) {
      assertEquals(0, lines(node, "joined the root"), node::toString);
    }
    for (String what : REFUSED) {
      long told = lines(root, "refused: 127.0.0.1 " + what);
      assertTrue(told >= 1 && told <= 4, () -> what + ": " + root); // one a minute
    }
    assertEquals(3, lines(root, "the worker at "), root::toString);
  }

  private static long lines(NodeProcess node, String part) {
    return node.err().stream().filter(line -> line.contains(part)).count();
  }

  private Path keyFile(String name) {
    Path file = folder.resolve(name);
    KeyFile.write(file, ClusterKey.random());
    return file;
  }

  private NodeProcess root(String prompt, String key) {
    String[] inference = NodeProcess.inference(CASE, prompt, 64);
    String[] all = Arrays.copyOf(inference, inference.length + 3);
    all[inference.length] = "--ignore-eos";
    all[inference.length + 1] = "--cluster-key";
    all[inference.length + 2] = key;
    return NodeProcess.lightRoot(port, 4, all);
  }

  private NodeProcess start(NodeProcess node) {
    nodes.add(node);
    return node;
  }

  /// What a worker that has the key says first.
  private static byte[] greetingOf(String key) throws IOException {
    try (ServerSocket seed = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        NodeProcess worker = NodeProcess.lightWorker(seed.getLocalPort(), "--cluster-key", key)) {
      seed.setSoTimeout((int) NodeProcess.FORM.toMillis());
      while (true) {
        try (Socket socket = seed.accept()) {
          byte[] bytes = new byte[4096];
          int count = socket.getInputStream().read(bytes);
          if (count > 0) {
            assertTrue(worker.isAlive());
            return Arrays.copyOf(bytes, count);
          }
        }
      }
    }
  }

  /// The second time it is known for what it is while the first is open; the first gets no further.
  private void replay(byte[] recorded) throws IOException {
    Socket first = connect();
    halfOpen.add(first);
    first.getOutputStream().write(recorded);
    assertTrue(first.getInputStream().read() >= 0, "a greeting is answered");
    try (Socket again = connect()) {
      again.setSoTimeout((int) NodeProcess.FORM.toMillis());
      again.getOutputStream().write(recorded);
      assertEquals(-1, end(again));
    }
  }

  private void openHalf(byte[] recorded) throws IOException {
    Random random = new Random(SEED);
    for (int i = 0; i < HALF_OPEN; i++) {
      Socket socket = connect();
      halfOpen.add(socket);
      if (i % 2 == 0) {
        byte[] greeting = recorded.clone();
        byte[] other = new byte[32];
        random.nextBytes(other);
        System.arraycopy(other, 0, greeting, 11, other.length);
        try {
          socket.getOutputStream().write(greeting);
        } catch (SocketException e) {
          // hung up on: as good
        }
      }
    }
  }

  private void bother(byte[] recorded) {
    byte[] garbage = new byte[1 << 20];
    new Random(SEED).nextBytes(garbage);
    byte[] giant = Arrays.copyOf("AKKA\2".getBytes(StandardCharsets.US_ASCII), 1009);
    Arrays.fill(giant, 5, 9, (byte) 0x7f);
    byte[] broken = Arrays.copyOf(recorded, recorded.length + 100_000);
    new Random(SEED).nextBytes(garbage);
    System.arraycopy(garbage, 0, broken, recorded.length, 100_000);
    byte[] http = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    for (byte[] bytes : List.of(http, garbage, giant, broken)) {
      try (Socket socket = connect()) {
        socket.setSoTimeout((int) NodeProcess.FORM.toMillis());
        socket.getOutputStream().write(bytes);
        while (end(socket) >= 0) {}
      } catch (IOException e) {
        // reset, or the node has ended meanwhile; whether it should have is asserted elsewhere
      }
    }
  }

  private static int end(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read();
    } catch (SocketTimeoutException e) {
      throw new AssertionError("the node listens to strangers", e);
    } catch (SocketException e) {
      return -1; // reset: as good as closed
    }
  }

  private Socket connect() throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), port);
  }

  private static long residentKilobytes(NodeProcess node) throws IOException {
    Path status = Path.of("/proc", String.valueOf(node.handle().pid()), "status");
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
