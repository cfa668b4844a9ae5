package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.Conformance;
import dllama.FreePort;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A cluster of real processes that starts again and again with what it kept of the weights.
class SliceCacheIT {
  private static final String FROM_CACHE = "weights from the cache";

  @TempDir static Path folder;

  private final List<NodeProcess> processes = new ArrayList<>();

  @BeforeAll
  static void synthesize() {
    String model = folder.resolve("tiny.m").toString();
    String tokenizer = folder.resolve("tiny.t").toString();
    assertEquals(0, Main.run("synth", "--shape", "tiny", "--out", model, "--tokenizer", tokenizer));
  }

  @AfterEach
  void killAll() {
    processes.forEach(NodeProcess::close);
  }

  @Test
  void shouldSendASliceOnce() throws IOException {
    Run first = run("worker", "root");
    assertFalse(first.workerSaid(FROM_CACHE));
    assertTrue(first.loaded().endsWith(" s"), first::loaded);

    Run second = run("worker", "root");
    assertTrue(second.workerSaid(FROM_CACHE));
    assertTrue(second.loaded().endsWith("from the cache"), second::loaded);
    assertArrayEquals(first.tokens(), second.tokens());

    flip(slice("worker"));
    Run damaged = run("worker", "root");
    assertFalse(damaged.workerSaid(FROM_CACHE));
    assertTrue(damaged.loaded().endsWith("1 of 2 slices from the cache"), damaged::loaded);
    assertArrayEquals(first.tokens(), damaged.tokens());

    Run mended = run("worker", "root");
    assertTrue(mended.loaded().endsWith("s from the cache"), mended::loaded);
    assertArrayEquals(first.tokens(), mended.tokens());
    assertFalse(mended.mapped());

    Run mapped = run("worker", "root", "-Ddllama.weights.cache-mapped=on");
    assertTrue(mapped.loaded().endsWith("s from the cache"), mapped::loaded);
    assertTrue(mapped.mapped());
    assertArrayEquals(first.tokens(), mapped.tokens());
  }

  @Test
  void shouldStartAllTheSameWhereNothingCanBeKept() throws IOException {
    Files.writeString(folder.resolve("in-the-way"), "");
    Run run = run("in-the-way", "in-the-way");
    for (NodeProcess node : List.of(run.worker(), run.root())) {
      List<String> complaints =
          node.err().stream().filter(line -> line.contains("weights are not kept")).toList();
      assertEquals(1, complaints.size(), node::toString);
    }
    assertEquals(32, run.tokens().length);
  }

  /// @param mapped whether the worker reads its slice from the file
  private record Run(NodeProcess worker, NodeProcess root, boolean mapped) {
    boolean workerSaid(String part) {
      return worker.err().stream().anyMatch(line -> line.contains(part));
    }

    String loaded() {
      return root.err().stream()
          .filter(line -> line.startsWith("2 nodes ready"))
          .findFirst()
          .orElseThrow(() -> new AssertionError(root.toString()));
    }

    int[] tokens() throws IOException {
      String json = String.join("\n", root.out());
      return Conformance.ints(new ObjectMapper().readTree(json).get("tokens"));
    }
  }

  /// Starts a worker and a root, lets them answer and ends both.
  private Run run(String workerCache, String rootCache, String... ofWorker) throws IOException {
    int port = FreePort.find();
    List<String> options = new ArrayList<>(List.of(cache(workerCache)));
    options.addAll(List.of(ofWorker));
    NodeProcess worker = NodeProcess.lightWorker(port, options.toArray(String[]::new));
    processes.add(worker);
    NodeProcess root =
        NodeProcess.lightRoot(
            port,
            2,
            NodeProcess.inference(
                folder.resolve("tiny.m"),
                folder.resolve("tiny.t"),
                "Once",
                32,
                "--ignore-eos",
                cache(rootCache)[0],
                cache(rootCache)[1]));
    processes.add(root);
    assertEquals(0, root.exit(NodeProcess.FORM), () -> root + " " + worker);
    worker.awaitError("looking for a root again", 1, NodeProcess.FORM);
    if (!workerCache.equals("in-the-way")) {
      worker.await(NodeProcess.FORM, _ -> found(workerCache).isPresent());
    }
    boolean mapped = Files.readString(worker.maps()).contains(".slice");
    worker.signal("TERM");
    worker.exit(NodeProcess.FORM);
    return new Run(worker, root, mapped);
  }

  private static String[] cache(String name) {
    return new String[] {
      "-Ddllama.weights.cache-limit=1GiB", "-Ddllama.weights.cache-dir=" + folder.resolve(name)
    };
  }

  private static Path slice(String cache) {
    return found(cache).orElseThrow();
  }

  private static Optional<Path> found(String cache) {
    try (Stream<Path> files = Files.list(folder.resolve(cache))) {
      return files.filter(file -> file.toString().endsWith(".slice")).findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static void flip(Path file) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      long middle = channel.size() / 2;
      channel.read(one, middle);
      channel.write(one.put(0, (byte) ~one.get(0)).flip(), middle);
    }
  }
}
