package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.error.UserException;
import dllama.model.Batch;
import dllama.model.ForwardException;
import dllama.tensor.DType;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Whole nodes over real sockets, in one JVM.
class ClusterTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8})
  void shouldGiveTheReferencesTokensOnAnyNumberOfNodes(int nodes) {
    shouldMatch("llama31_rope_f32", nodes, new Properties());
  }

  @ParameterizedTest
  @CsvSource({"qwen3_f32, 4", "mixtral_f32, 2", "grok1_f32, 4", "old_llama_fixedhdr_f32, 2"})
  void shouldGiveTheReferencesTokensInAnyArchitecture(String modelCase, int nodes) {
    shouldMatch(modelCase, nodes, new Properties());
  }

  @Test
  void shouldGiveTheSameTokensWithoutTheEventLoop() {
    Properties off = new Properties();
    off.setProperty("dllama.exchange.event-loop", "off");
    shouldMatch("llama31_rope_f32", 4, off);
  }

  @ParameterizedTest
  @CsvSource({"llama31_rope_f32, F32, 8", "llama_gqa_q40, Q80, 4", "llama_gqa_q40, Q80, 2"})
  void shouldGiveTheSameLogitsWithReduceScatter(String modelCase, DType exchange, int nodes) {
    float[] direct = logits(modelCase, exchange, nodes, "direct");
    assertArrayEquals(direct, logits(modelCase, exchange, nodes, "reduce-scatter"), 0);
    assertArrayEquals(direct, logits(modelCase, exchange, nodes, "auto"), 0);
  }

  /// Logits after a prompt in batches and some single tokens, all together.
  private static float[] logits(String modelCase, DType exchange, int nodes, String collective) {
    try (var cluster = new TestCluster(modelCase, exchange, nodes, collective(collective))) {
      cluster.await("ready: " + nodes, 1);
      assertEquals(0, cluster.count("notice"));
      float[] all = {};
      int position = 0;
      for (int[] tokens : new int[][] {{1, 2, 3, 4, 5}, {6, 7}, {8}, {9}}) {
        float[] next =
            cluster.forwardPass().forward(new Batch(tokens, position, true)).logits().clone();
        position += tokens.length;
        float[] before = all;
        all = java.util.Arrays.copyOf(before, before.length + next.length);
        System.arraycopy(next, 0, all, before.length, next.length);
      }
      return all;
    }
  }

  @Test
  void shouldSayThatSumsAreRounded() {
    Properties properties = collective("reduce-scatter-q80");
    try (var cluster = new TestCluster("llama_gqa_q40", DType.Q80, 2, properties)) {
      cluster.await("ready: 2", 1);
      assertEquals(1, cluster.count("notice: sums are rounded to q80"), cluster.events::toString);
      Batch batch = new Batch(new int[] {1, 2, 3}, 0, true);
      float[] first = cluster.forwardPass().forward(batch).logits().clone();
      assertArrayEquals(first, cluster.forwardPass().forward(batch).logits(), 0);
    }
  }

  @Test
  void shouldRefuseRoundedSumsOfPartialsThatAreNot() {
    Properties properties = collective("reduce-scatter-q80");
    var refusal =
        assertThrows(
            UserException.class,
            () -> new TestCluster("llama_gqa_f32", DType.F32, 1, properties).close());
    assertTrue(refusal.getMessage().contains("needs --buffer-float-type q80"));
  }

  private static Properties collective(String name) {
    Properties properties = new Properties();
    properties.setProperty("dllama.sync.collective", name);
    return properties;
  }

  private static void shouldMatch(String modelCase, int nodes, Properties properties) {
    JsonNode prompt = Conformance.golden(modelCase).get("prompts").get(0);
    int[] promptTokens = Conformance.ints(prompt.get("prompt_tokens"));
    int[] expected = Conformance.ints(prompt.get("generated"));
    try (var cluster = new TestCluster(modelCase, DType.F32, nodes, properties)) {
      cluster.await("ready: " + nodes, 1);
      assertArrayEquals(
          expected, TestCluster.greedy(cluster.forwardPass(), promptTokens, expected.length, 3));
    }
  }

  @Test
  void shouldEndTheStepWhenAWorkerIsLostAndFormAgainWhenOneIsBack() {
    try (var cluster = new TestCluster("llama_gqa_f32", DType.F32, 2, new Properties())) {
      cluster.await("ready: 2", 1);
      Batch batch = new Batch(new int[] {1, 2, 3}, 0, true);
      cluster.forwardPass().forward(batch);
      cluster.workers.getFirst().close();
      cluster.await("lost: the worker at 127.0.0.1:", 1);
      var failure =
          assertThrows(ForwardException.class, () -> cluster.forwardPass().forward(batch));
      assertTrue(failure.getMessage().contains("not ready"), failure.getMessage());
      cluster.startWorker();
      cluster.await("ready: 2", 2);
      assertEquals(0, cluster.forwardPass().cachedPositions(), "the new world's cache is empty");
      var next = new Batch(new int[] {4}, 3, true);
      assertThrows(ForwardException.class, () -> cluster.forwardPass().forward(next));
      cluster.forwardPass().forward(batch);
      cluster.forwardPass().forward(next);
      assertEquals(4, cluster.forwardPass().cachedPositions());
    }
  }

  @Test
  void shouldRefuseAWorkerOfAnotherVersion() {
    try (var cluster = new TestCluster("llama_gqa_f32", DType.F32, 2, new Properties())) {
      cluster.await("ready: 2", 1);
      Properties other = new Properties();
      other.setProperty("akka.cluster.app-version", "9.9.9");
      cluster.startWorker(other);
      cluster.await(
          Duration.ofSeconds(20),
          () -> cluster.count("refused: the worker runs dllama-akka 9.9.9") == 1);
      cluster.await("worker refused: the worker runs dllama-akka 9.9.9", 1);
      cluster.forwardPass().forward(new Batch(new int[] {1}, 0, true));
    }
  }

  @Test
  void shouldWaitForAnotherWorkerWhenOneRefusesForItsMemory() {
    try (var cluster = new TestCluster("llama_gqa_f32", DType.F32, "2", new Properties())) {
      cluster.startWorker(withoutMemory());
      cluster.await("lost: the worker at 127.0.0.1:", 1);
      assertRefusedOnce(cluster);
      cluster.await("waiting: 1 of 2 nodes", 2);
      cluster.startWorker();
      cluster.await("ready: 2", 1);
      cluster.forwardPass().forward(new Batch(new int[] {1}, 0, true));
      assertEquals(2, cluster.count("forming: 2"), cluster.events::toString);
    }
  }

  @Test
  void shouldGoOnWithoutAWorkerThatRefusesForItsMemory() {
    Properties properties = new Properties();
    properties.setProperty("dllama.alone-timeout", "10s"); // until the worker is there
    properties.setProperty("dllama.form-timeout", "1s");
    try (var cluster = new TestCluster("llama_gqa_f32", DType.F32, "auto", properties)) {
      cluster.startWorker(withoutMemory());
      cluster.await("ready: 1", 1);
      assertRefusedOnce(cluster);
      cluster.forwardPass().forward(new Batch(new int[] {1}, 0, true));
    }
  }

  private static void assertRefusedOnce(TestCluster cluster) {
    List<String> lost = cluster.events.stream().filter(line -> line.startsWith("lost")).toList();
    assertEquals(1, lost.size(), cluster.events::toString);
    assertTrue(
        lost.getFirst().matches("lost: the worker at \\S+ needs .* but may take [^\n]*"),
        lost::toString);
    assertEquals(1, cluster.count("forming: 2"), cluster.events::toString);
  }

  private static Properties withoutMemory() {
    Properties own = new Properties();
    own.setProperty("dllama.weights.memory-limit", "64k");
    return own;
  }
}
