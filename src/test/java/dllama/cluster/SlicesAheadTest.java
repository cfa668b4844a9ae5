package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dllama.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whole nodes of this JVM that get slices beforehand.
@Tag("slow")
class SlicesAheadTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int[] PROMPT = {1, 5, 9, 2, 7};

  @TempDir Path caches;

  private Set<String> slices(String node) {
    Path folder = caches.resolve(node);
    if (!Files.isDirectory(folder)) {
      return Set.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".slice"))
          .collect(Collectors.toCollection(TreeSet::new));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void assertSame(String node, String other) throws IOException {
    Set<String> both = new TreeSet<>(slices(node));
    both.retainAll(slices(other));
    assertEquals(1, both.size(), node + " and " + other);
    for (String name : both) {
      Path file = caches.resolve(node).resolve(name);
      assertEquals(-1, Files.mismatch(file, caches.resolve(other).resolve(name)), name);
    }
  }

  @Test
  void shouldHaveSparesKeepTheSlicesOfAllRanks() throws Exception {
    try (TestCluster cluster =
        new TestCluster("llama_gqa_f32", DType.F32, "4", new Properties(), caches)) {
      for (int worker = 0; worker < 3; worker++) {
        cluster.startWorker();
      }
      cluster.await("ready: 4", 1);
      cluster.startWorker(); // worker-3, the spare
      cluster.await("joined", 4);
      int[] before = TestCluster.greedy(cluster.forwardPass(), PROMPT, 12, 4);
      Thread.sleep(1500);
      assertEquals(Set.of(), slices("worker-3"), "somebody is answered");
      cluster.root().release();
      cluster.await(LIMIT, () -> slices("worker-3").size() == 3);
      for (int worker = 0; worker < 3; worker++) {
        int rank = worker;
        cluster.await(LIMIT, () -> !slices("worker-" + rank).isEmpty());
        assertSame("worker-" + worker, "worker-3");
      }
      cluster.root().claim();
      cluster.workers.get(1).close();
      cluster.await("ready: 4, cached 1", 1);
      assertArrayEquals(before, TestCluster.greedy(cluster.forwardPass(), PROMPT, 12, 4));
    }
  }

  @Test
  void shouldHaveNodesKeepTheSlicesOfFewerWhereThereIsNoSpare() throws Exception {
    try (TestCluster cluster =
        new TestCluster("llama_gqa_f32", DType.F32, "4", new Properties(), caches)) {
      for (int worker = 0; worker < 3; worker++) {
        cluster.startWorker();
      }
      cluster.await("ready: 4", 1);
      int[] before = TestCluster.greedy(cluster.forwardPass(), PROMPT, 12, 4);
      cluster.root().release();
      cluster.await(LIMIT, () -> twoHaveTwo() == 2);
      cluster.root().claim();
      int one = slices("worker-0").size() == 2 ? 0 : 1;
      cluster.workers.get(one).close();
      cluster.await("ready: 2, cached 1", 1);
      assertArrayEquals(before, TestCluster.greedy(cluster.forwardPass(), PROMPT, 12, 4));
    }
  }

  private long twoHaveTwo() {
    return Stream.of(0, 1, 2).filter(worker -> slices("worker-" + worker).size() == 2).count();
  }

  @Test
  void shouldSendNothingBeforehandWhereThatIsOff() throws Exception {
    Properties off = new Properties();
    off.setProperty("dllama.weights.ahead-rate", "off");
    try (TestCluster cluster = new TestCluster("llama_gqa_f32", DType.F32, "2", off, caches)) {
      cluster.startWorker();
      cluster.await("ready: 2", 1);
      cluster.startWorker();
      cluster.await("joined", 2);
      cluster.root().release();
      Thread.sleep(3000);
      assertEquals(Set.of(), slices("worker-1"));
    }
  }
}
