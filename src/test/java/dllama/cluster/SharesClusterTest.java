package dllama.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.engine.Specs;
import dllama.error.UserException;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.step.OneSequence;
import dllama.tensor.DType;
import java.util.Properties;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Whole nodes that do not all take the same of a model, over real sockets.
@Tag("slow")
class SharesClusterTest {
  /// 4 kv heads.
  private static final ModelSpec SPEC = Specs.small(DType.Q4_0);

  private static final ModelSpec WIDE = Specs.of(DType.F32, 1024, 256, 8, 4, 32, 300);

  private static final int[] PROMPT = IntStream.rangeClosed(1, 21).toArray();

  private static Properties properties(String shares) {
    Properties properties = new Properties();
    properties.setProperty("dllama.shares", shares);
    properties.setProperty("dllama.sync.rehearsal", "1s");
    return properties;
  }

  private static TestCluster cluster(DType exchange, int nodes, String shares) {
    return new TestCluster(new ModelSource.Random(SPEC, 3), exchange, nodes, properties(shares));
  }

  private static float[] logits(TestCluster cluster, int nodes) {
    try (cluster) {
      cluster.await("ready: " + nodes, 1);
      OneSequence sequence = new OneSequence(cluster.forwardPass());
      sequence.logits(PROMPT, 0);
      sequence.logits(new int[] {22, 23}, 21);
      return sequence.logits(new int[] {24}, 23);
    }
  }

  @ParameterizedTest
  @CsvSource({"3, 1:2:1", "2, 3:1", "3, auto", "4, 5:3:3:3"})
  void shouldGiveTheBitsOfOneNodeWithF32Exchange(int nodes, String shares) {
    float[] alone = logits(cluster(DType.F32, 1, "equal"), 1);
    assertArrayEquals(alone, logits(cluster(DType.F32, nodes, shares), nodes), 0);
  }

  /// Partials of two sums need half as large steps: Artery would drop a frame that is too large.
  @Test
  void shouldMakeStepsWhosePartialsFitIntoAFrame() {
    Properties narrow = properties("1:2:1");
    narrow.setProperty("dllama.sync.max-frame-bytes", "64 KiB");
    narrow.setProperty("dllama.sync.collective", "direct");
    narrow.setProperty("dllama.sync.stall-timeout", "5s");
    var source = new ModelSource.Random(WIDE, 3);
    try (var cluster = new TestCluster(source, DType.F32, 3, narrow)) {
      cluster.await("ready: 3", 1);
      int most = cluster.forwardPass().maxBatchTokens();
      int[] tokens = IntStream.rangeClosed(1, most).toArray();
      assertEquals(
          WIDE.vocabSize(), new OneSequence(cluster.forwardPass()).logits(tokens, 0).length);
    }
  }

  @Test
  void shouldSayWhoTakesHowMuch() {
    try (var cluster = cluster(DType.Q8_0, 3, "2:1:1")) {
      cluster.await("ready: 3", 1);
      assertTrue(
          cluster.events.stream()
              .anyMatch(event -> event.contains("shares of the model: the root 2, the worker at")),
          cluster.events::toString);
    }
  }

  @Test
  void shouldRefuseMoreNodesThanCanShare() {
    var e = assertThrows(UserException.class, () -> cluster(DType.Q8_0, 5, "1:1:1:1:1").close());
    assertEquals(
        "shares=1:1:1:1:1 are for 5 nodes, and the model's heads can be given to 4 at most",
        e.getMessage());
  }

  @Test
  void shouldRefuseAnotherNumberOfNodesThanOfShares() {
    var e = assertThrows(UserException.class, () -> cluster(DType.Q8_0, 4, "2:1").close());
    assertEquals(
        "--nodes 4 and the 2 proportions of --shares contradict each other", e.getMessage());
  }
}
