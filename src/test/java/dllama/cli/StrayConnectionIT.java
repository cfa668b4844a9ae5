package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.Conformance;
import dllama.FreePort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// What else speaks to an open port of a home network: port scanners, browsers, broken peers. None
/// of it may end a node, change an answer, fill the memory or the screen.
@Tag("by-the-clock")
class StrayConnectionIT {
  private static final String CASE = "llama31_rope_f32";
  private static final long SEED = 11;
  private static final int SILENT = 100;

  /// Of those that say nothing, connections that a node keeps open from one address; and what it
  /// has open besides.
  private static final int MOST_SILENT = 64 + 60;

  /// Kinds of strangers here: those that say nothing, or speak HTTP, TLS or another protocol, and
  /// those whose frames are too long, of no kind that is known, or never end.
  private static final int KINDS = 7;

  private static final byte[] HTTP =
      "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  /// A TLS 1.2 record with a client's hello: header, version, random bytes follow.
  private static final byte[] TLS_HELLO =
      HexFormat.of().parseHex("16030100c8010000c40303" + "5a".repeat(193));

  private final int rootPort = FreePort.find();
  private final int workerPort = FreePort.find();
  private final List<NodeProcess> nodes = new ArrayList<>();
  private final List<Socket> silent = new ArrayList<>();

  @AfterEach
  void close() throws IOException {
    nodes.forEach(NodeProcess::close);
    for (Socket socket : silent) {
      socket.close();
    }
  }

  @Test
  void shouldNotBotherNodesThatWaitOrCompute() throws Exception {
    JsonNode golden = Conformance.golden(CASE).get("prompts").get(0);
    NodeProcess worker = start(NodeProcess.worker(rootPort, "--port", "" + workerPort));
    worker.awaitError("looking for a root", 1, NodeProcess.FORM);
    shouldBearAll(worker, workerPort);

    NodeProcess root = start(root(golden.get("text").asText()));
    root.awaitError("2 of 4 nodes; waiting", 1, NodeProcess.FORM);
    shouldBearAll(root, rootPort);

    var done = new AtomicBoolean();
    var strays =
        CompletableFuture.runAsync(
            () -> {
              while (!done.get()) {
                bother(rootPort);
                bother(workerPort);
              }
            });
    NodeProcess second = start(NodeProcess.worker(rootPort));
    NodeProcess third = start(NodeProcess.worker(rootPort));
    int code = root.exit(NodeProcess.FORM);
    done.set(true);
    strays.join();
    assertEquals(0, code, root::toString);
    JsonNode result = new ObjectMapper().readTree(String.join("\n", root.out()));
    assertArrayEquals(
        Conformance.ints(golden.get("generated")), Conformance.ints(result.get("tokens")));
    for (NodeProcess node : List.of(worker, second, third)) {
      assertTrue(node.isAlive(), node::toString);
    }
    for (NodeProcess node : nodes) {
      node.err().forEach(line -> assertTrue(isNews(line), line));
    }
  }

  private NodeProcess root(String prompt) {
    String[] inference = NodeProcess.inference(CASE, prompt, 64);
    String[] all = Arrays.copyOf(inference, inference.length + 1);
    all[inference.length] = "--ignore-eos";
    return NodeProcess.root(rootPort, 4, all);
  }

  private NodeProcess start(NodeProcess node) {
    nodes.add(node);
    return node;
  }

  /// Lines about the cluster itself, with bars of progress where loading is slow; any other one
  /// would be about strangers.
  private static boolean isNews(String line) {
    return line.startsWith("model.m: architecture ")
        || line.matches(
            "(worker at .*looking for a root.*|joined the root.*|computing as rank.*|the root .*again"
                + "|refused: 127\\.0\\.0\\.1 .*"
                + "|root at .*|. of 4 nodes; waiting.*|the worker at \\S+ is here|4 nodes ready.*"
                + "|rank \\d of \\d.*|rank \\d  127\\.0\\.0\\.1:\\d+ \\[#* *] +\\d+ %.*)");
  }

  private void shouldBearAll(NodeProcess node, int port) throws IOException {
    long memory = residentKilobytes(node);
    int descriptors = descriptors(node);
    int lines = node.err().size();
    for (int i = 0; i < SILENT; i++) {
      silent.add(connect(port));
    }
    for (int i = 0; i < 5; i++) {
      bother(port);
    }
    floodWithFrames(port);
    assertTrue(node.isAlive(), node::toString);
    List<String> told = node.err();
    List<String> refused =
        told.subList(lines, told.size()).stream().filter(it -> it.startsWith("refused: ")).toList();
    assertEquals(refused.size(), Set.copyOf(refused).size(), node::toString); // one line a kind
    assertTrue(refused.size() <= KINDS && told.size() <= lines + KINDS + 1, node::toString);
    assertTrue(residentKilobytes(node) - memory < 256 * 1024, "memory grows");
    node.await(NodeProcess.FORM, it -> descriptors(it) <= descriptors + MOST_SILENT);
    shouldNotSpin(node);
  }

  /// Lengths that overflow, and frames that are begun and never end.
  private static void floodWithFrames(int port) throws IOException {
    for (int length : new int[] {0x7fffffff, 0x70000000, -1, 0}) {
      byte[] frame = frame(length);
      for (int i = 0; i < 5; i++) {
        shouldBeHungUpOn(port, frame);
      }
    }
    byte[] part = Arrays.copyOf(frame(2 << 20), 1 << 20);
    for (int i = 0; i < 200; i++) {
      try (Socket socket = connect(port)) {
        socket.getOutputStream().write(part);
      } catch (SocketException e) {
        // hung up on: as good
      }
    }
  }

  private static byte[] frame(int length) {
    byte[] bytes = Arrays.copyOf("AKKA\2".getBytes(StandardCharsets.US_ASCII), 1009);
    for (int i = 0; i < Integer.BYTES; i++) {
      bytes[5 + i] = (byte) (length >> 8 * i);
    }
    bytes[9 + 12] = 17; // a serializer that is Akka's
    return bytes;
  }

  /// A node that waits for others takes next to no time, once it has dealt with what it was sent.
  private static void shouldNotSpin(NodeProcess node) {
    node.await(NodeProcess.FORM, it -> share(it) < 0.4);
  }

  /// Of a core, what a node takes within two seconds.
  private static double share(NodeProcess node) {
    long from = System.nanoTime();
    long before = cpuNanos(node);
    NodeProcess.sleep(2000);
    return (cpuNanos(node) - before) / (double) (System.nanoTime() - from);
  }

  private static long cpuNanos(NodeProcess node) {
    return node.handle().info().totalCpuDuration().orElseThrow().toNanos();
  }

  private static int descriptors(NodeProcess node) {
    String[] all = Path.of("/proc/%d/fd".formatted(node.handle().pid())).toFile().list();
    assumeTrue(all != null, "the descriptors of a process are counted in /proc");
    return all.length;
  }

  private static Socket connect(int port) throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), port);
  }

  private static void bother(int port) {
    try {
      byte[] random = new byte[1 << 20];
      new Random(SEED).nextBytes(random);
      for (int i = 0; i < 10; i++) {
        connect(port).close();
      }
      for (byte[] garbage : List.of(HTTP, random, TLS_HELLO)) {
        shouldBeHungUpOn(port, garbage);
      }
    } catch (SocketException e) {
      // the node has ended meanwhile; whether it should have is asserted elsewhere
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void shouldBeHungUpOn(int port, byte[] garbage) throws IOException {
    try (Socket socket = connect(port)) {
      socket.setSoTimeout((int) NodeProcess.FORM.toMillis());
      try {
        socket.getOutputStream().write(garbage);
        assertEquals(-1, socket.getInputStream().read(), "an answer to garbage");
      } catch (SocketTimeoutException e) {
        throw new AssertionError("the node listens to garbage", e);
      } catch (SocketException e) {
        // reset: as good as closed
      }
    }
  }

  private static long residentKilobytes(NodeProcess node) throws IOException {
    Path status = Path.of("/proc", String.valueOf(node.handle().pid()), "status");
    assumeTrue(Files.exists(status), "the memory of a process is read from /proc");
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
