package dllama.cluster;

import static dllama.logits.FullLogits.next;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.FreePort;
import dllama.cluster.root.CollectiveChoice;
import dllama.engine.MixedTypes;
import dllama.error.UserException;
import dllama.generation.SamplerChoice;
import dllama.logits.LogitsWanted;
import dllama.logits.TokenChoice;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.sampling.Sampler;
import dllama.step.ForwardException;
import dllama.step.ForwardPass;
import dllama.step.OneSequence;
import dllama.step.Run;
import dllama.step.Step;
import dllama.step.StepResult;
import dllama.tensor.DType;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Whole nodes over real sockets, in one JVM.
@Tag("slow")
class ClusterTest {
  /// Prompts long and short, and single tokens.
  private static final int[][] BATCHES = {
    IntStream.rangeClosed(1, 21).toArray(), {22, 23, 24, 25, 26}, {27, 28}, {29}, {30}
  };

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

  /// Of 4 kv heads, which distributed-llama would refuse.
  @ParameterizedTest
  @ValueSource(strings = {"8", "auto"})
  void shouldGiveTheReferencesTokensOnMoreNodesThanKvHeads(String wanted) {
    Properties patient = new Properties();
    patient.setProperty("dllama.alone-timeout", "60s");
    patient.setProperty("dllama.form-timeout", "10s");
    try (var cluster = new TestCluster("llama_gqa_f32", DType.F32, wanted, patient)) {
      for (int worker = 1; worker < 8; worker++) {
        cluster.startWorker();
      }
      shouldMatch("llama_gqa_f32", 8, cluster);
    }
  }

  @Test
  void shouldGiveTheSameTokensWithoutTheEventLoop() {
    Properties off = new Properties();
    off.setProperty("dllama.exchange.event-loop", "off");
    shouldMatch("llama31_rope_f32", 4, off);
  }

  @ParameterizedTest
  @CsvSource({"llama31_rope_f32, F32, 8", "llama_gqa_q40, Q8_0, 4", "llama_gqa_q40, Q8_0, 2"})
  void shouldGiveTheSameLogitsWithReduceScatter(String modelCase, DType exchange, int nodes) {
    float[] direct = logits(modelCase, exchange, nodes, "direct");
    assertArrayEquals(direct, logits(modelCase, exchange, nodes, "reduce-scatter"), 0);
    assertArrayEquals(direct, logits(modelCase, exchange, nodes, "auto"), 0);
  }

  @ParameterizedTest
  @CsvSource({
    "llama31_rope_f32, F32, 8",
    "llama_gqa_q40, Q8_0, 2",
    "llama_gqa_q40, Q8_0, 4",
    "mixtral_f32, F32, 4"
  })
  void shouldGiveTheSameLogitsInHalves(String modelCase, DType exchange, int nodes) {
    float[] whole = logits(modelCase, exchange, nodes, sync("direct", "off"));
    assertArrayEquals(whole, logits(modelCase, exchange, nodes, sync("direct", "on")), 0);
    assertArrayEquals(whole, logits(modelCase, exchange, nodes, sync("reduce-scatter", "on")), 0);
  }

  @Test
  void shouldGiveTheSameLogitsInHalvesWithRoundedSumsAndWithoutTheEventLoop() {
    Properties halves = sync("reduce-scatter-q80", "on");
    float[] whole = logits("llama_gqa_q40", DType.Q8_0, 4, sync("reduce-scatter-q80", "off"));
    assertArrayEquals(whole, logits("llama_gqa_q40", DType.Q8_0, 4, halves), 0);
    halves.setProperty("dllama.exchange.event-loop", "off");
    assertArrayEquals(whole, logits("llama_gqa_q40", DType.Q8_0, 4, halves), 0);
  }

  /// The types of all tensors travel, and so does the rehearsal's model.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldRunAModelOfMixedTypes(boolean random) {
    ModelSpec spec = MixedTypes.spec(Architecture.QWEN3_MOE);
    ModelSource source =
        random
            ? new ModelSource.Random(spec, 3)
            : new ModelSource.Weights(spec, MixedTypes.whole(spec, 3));
    Properties rehearsing = sync("auto", "off");
    rehearsing.setProperty("dllama.sync.rehearsal", "1s");
    float[] alone = logits(new TestCluster(source, DType.F32, 1, sync("auto", "off")), 1);
    assertArrayEquals(alone, logits(new TestCluster(source, DType.F32, 4, rehearsing), 4), 0);
  }

  private static float[] logits(String modelCase, DType exchange, int nodes, String collective) {
    return logits(modelCase, exchange, nodes, sync(collective, "off"));
  }

  private static Properties sync(String collective, String overlap) {
    Properties properties = collective(collective);
    properties.setProperty("dllama.sync.overlap", overlap);
    return properties;
  }

  /// Logits after a prompt in batches and some single tokens, all together.
  private static float[] logits(
      String modelCase, DType exchange, int nodes, Properties properties) {
    boolean rounded = properties.get("dllama.sync.collective").equals("reduce-scatter-q80");
    var cluster = new TestCluster(modelCase, exchange, nodes, properties);
    float[] logits = logits(cluster, nodes);
    assertEquals(rounded ? 1 : 0, cluster.count("notice"));
    return logits;
  }

  private static float[] logits(TestCluster cluster, int nodes) {
    try (cluster) {
      cluster.await("ready: " + nodes, 1);
      float[] all = {};
      int position = 0;
      for (int[] tokens : BATCHES) {
        float[] next = new OneSequence(cluster.forwardPass()).logits(tokens, position);
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
    try (var cluster = new TestCluster("llama_gqa_q40", DType.Q8_0, 2, properties)) {
      cluster.await("ready: 2", 1);
      assertEquals(1, cluster.count("notice: sums are rounded to q80"), cluster.events::toString);
      var sequence = new OneSequence(cluster.forwardPass());
      float[] first = sequence.logits(new int[] {1, 2, 3}, 0);
      assertArrayEquals(first, sequence.logits(new int[] {1, 2, 3}, 0), 0);
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
    try (var cluster = new TestCluster(modelCase, DType.F32, nodes, properties)) {
      shouldMatch(modelCase, nodes, cluster);
    }
  }

  private static void shouldMatch(String modelCase, int nodes, TestCluster cluster) {
    JsonNode prompt = Conformance.golden(modelCase).get("prompts").get(0);
    int[] promptTokens = Conformance.ints(prompt.get("prompt_tokens"));
    int[] expected = Conformance.ints(prompt.get("generated"));
    cluster.await("ready: " + nodes, 1);
    assertArrayEquals(
        expected, TestCluster.greedy(cluster.forwardPass(), promptTokens, expected.length, 3));
  }

  /// Beside choices from the same step's whole logits: greedy after every token of a batch, drawn
  /// with candidates that suffice and with such that do not.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void shouldChooseAsFromAllLogits(int nodes) {
    try (var cluster = new TestCluster("llama31_rope_f32", DType.F32, nodes, new Properties())) {
      cluster.await("ready: " + nodes, 1);
      ForwardPass forwardPass = cluster.forwardPass();
      var sequence = new OneSequence(forwardPass);
      var choice = new TokenChoice();
      int[] tokens = {1, 17, 4, 99, 4, 17, 3};
      float[][] rows = new float[tokens.length][];
      for (int i = 0; i < tokens.length; i++) {
        rows[i] = new OneSequence(forwardPass).logits(new int[] {tokens[i]}, i);
      }
      int[] best = Arrays.stream(rows).mapToInt(row -> next(new Sampler.Greedy(), row)).toArray();
      for (int count = 1; count <= tokens.length; count++) {
        StepResult step = sequence.feed(tokens, 0, new LogitsWanted.Best(count));
        int[] last = Arrays.copyOfRange(best, tokens.length - count, tokens.length);
        assertArrayEquals(last, choice.best(step.logits().getFirst()));
      }
      for (float temperature : new float[] {0.01f, 0.3f, 1, 3}) {
        for (float topp : new float[] {0.5f, 0.999f, 1}) {
          Sampler sampler = Sampler.of(temperature, topp, 5);
          Sampler same = Sampler.of(temperature, topp, 5);
          for (int i = 0; i < tokens.length; i++) {
            StepResult step =
                sequence.feed(new int[] {tokens[i]}, i, SamplerChoice.wanted(sampler));
            int token = SamplerChoice.next(sampler, step.logits().getFirst(), choice);
            assertEquals(next(same, rows[i]), token, temperature + " " + topp);
          }
        }
      }
    }
  }

  /// With four nodes and f32 both collectives are tried, from the seventeenth step on by turns.
  @Test
  void shouldGiveTheSameBitsWhileCollectivesAreCompared() {
    float[][] alone = new float[30][];
    var choice = new TokenChoice();
    try (var cluster = new TestCluster("llama31_rope_f32", DType.F32, 1, new Properties())) {
      cluster.await("ready: 1", 1);
      for (int i = 0; i < alone.length; i++) {
        alone[i] = choice.all(pair(cluster, i).logits().getFirst());
      }
    }
    try (var cluster = new TestCluster("llama31_rope_f32", DType.F32, 4, new Properties())) {
      cluster.await("ready: 4", 1);
      long[] sent = new long[alone.length];
      for (int i = 0; i < alone.length; i++) {
        StepResult step = pair(cluster, i);
        assertArrayEquals(alone[i], choice.all(step.logits().getFirst()), "step " + i);
        sent[i] = step.sentBytes();
      }
      int first = CollectiveChoice.FIRST;
      int end = first + 2 * CollectiveChoice.TURNS;
      long most = Arrays.stream(sent, first, end).max().orElseThrow();
      long least = Arrays.stream(sent, first, end).min().orElseThrow();
      assertTrue(most - least > 200, "bytes sent: " + Arrays.toString(sent));
    }
  }

  /// One token has too few values for every rank to own some.
  private static StepResult pair(TestCluster cluster, int number) {
    return new OneSequence(cluster.forwardPass())
        .feed(new int[] {number, number + 1}, 2 * number, new LogitsWanted.All());
  }

  /// What a worker tells of 512 logits: two kilobytes fewer, nearly, when one token is wanted.
  @Test
  void shouldSendFewBytesForAToken() {
    try (var cluster = new TestCluster("llama31_rope_f32", DType.F32, 2, new Properties())) {
      cluster.await("ready: 2", 1);
      ForwardPass forwardPass = cluster.forwardPass();
      long[] best = new long[50];
      long[] any = new long[50];
      long[] all = new long[50];
      var sequence = new OneSequence(forwardPass);
      for (int i = 0; i < best.length; i++) {
        int[] token = {i};
        best[i] = sequence.feed(token, i, new LogitsWanted.Best(1)).receivedBytes();
        any[i] = sequence.feed(token, i, new LogitsWanted.DrawAny(1)).receivedBytes();
        all[i] = sequence.feed(token, i, new LogitsWanted.All()).receivedBytes();
      }
      Arrays.sort(best);
      Arrays.sort(any);
      Arrays.sort(all);
      long saved = all[25] - best[25];
      int slice = Float.BYTES * forwardPass.spec().vocabSize() / 2;
      assertEquals(slice - 2 * Integer.BYTES, saved, "of " + all[25]);
      assertTrue(any[49] < all[25], "drawn from all: at most %d bytes".formatted(any[49]));
    }
  }

  @Test
  void shouldEndTheStepWhenAWorkerIsLostAndFormAgainWhenOneIsBack() {
    try (var cluster = new TestCluster("llama_gqa_f32", DType.F32, 2, new Properties())) {
      cluster.await("ready: 2", 1);
      cluster.root().release(); // nobody is answered, or one node would go on
      var sequence = new OneSequence(cluster.forwardPass());
      int[] tokens = {1, 2, 3};
      sequence.feed(tokens, 0);
      long epoch = cluster.forwardPass().pool().epoch();
      cluster.workers.getFirst().close();
      cluster.await("lost: the worker at 127.0.0.1:", 1);
      var failure = assertThrows(ForwardException.class, () -> sequence.feed(tokens, 0));
      assertTrue(failure.getMessage().contains("not ready"), failure.getMessage());
      cluster.startWorker();
      cluster.await("ready: 2", 2);
      assertNotEquals(
          epoch, cluster.forwardPass().pool().epoch(), "the new world's pages are empty");
      var late = new Step(epoch, new Run(new int[1], 3, new int[1], new LogitsWanted.Nothing()));
      assertThrows(ForwardException.class, () -> cluster.forwardPass().forward(late));
      sequence.feed(tokens, 0);
      sequence.feed(new int[] {4}, 3);
    }
  }

  /// Who is answered waits neither for the node that is lost nor for more, and between answers the
  /// cluster grows again.
  @Test
  void shouldGoOnWithTheNodesThatAreLeftAndGrowAgain() throws InterruptedException {
    Properties patient = new Properties();
    patient.setProperty("dllama.form-timeout", "60s"); // nobody waits for that
    Duration limit = Duration.ofMinutes(2);
    try (var cluster = new TestCluster("llama31_rope_f32", DType.F32, "2", patient)) {
      cluster.startWorker();
      cluster.await(limit, () -> cluster.count("ready: 2") == 1);
      cluster.startWorker();
      cluster.await(limit, () -> cluster.count("joined") == 2);
      cluster.workers.getFirst().close();
      cluster.await(limit, () -> cluster.count("ready: 2") == 2); // with the spare
      cluster.workers.getLast().close();
      cluster.await(limit, () -> cluster.count("ready: 1") == 1);
      shouldMatch("llama31_rope_f32", 1, cluster);
      cluster.startWorker();
      cluster.await(limit, () -> cluster.count("joined") == 3);
      cluster.root().release();
      cluster.await(limit, () -> cluster.count("ready: 2") == 3);
    }
  }

  /// As firewalls and service units want it.
  @Test
  void shouldTakeAWorkerBackOnTheSamePort() throws IOException {
    Properties fixed = new Properties();
    fixed.setProperty("dllama.port", String.valueOf(FreePort.find()));
    try (var cluster = new TestCluster("llama_gqa_f32", DType.F32, "2", new Properties())) {
      for (int time = 1; time <= 3; time++) {
        cluster.root().release();
        WorkerNode worker = cluster.startWorker(fixed);
        cluster.await("ready: 2", time);
        worker.close();
        cluster.await("lost: the worker at 127.0.0.1:", time);
      }
    }
  }

  @Test
  void shouldNotStartWithoutAWorkerThatIsOnItsWay() {
    Properties properties = new Properties();
    properties.setProperty("dllama.alone-timeout", "3s"); // until it is
    properties.setProperty("dllama.form-timeout", "4s");
    try (var cluster = new TestCluster("llama_gqa_f32", DType.F32, "auto", properties)) {
      cluster.startWorker();
      cluster.await("ready: 2", 1);
      assertEquals(0, cluster.count("forming: 1"), cluster.events::toString);
    }
  }

  @Test
  void shouldSayThatAWorkerCameTooLate() {
    try (var cluster = new TestCluster("llama_gqa_f32", DType.F32, "auto", new Properties())) {
      cluster.await("ready: 1", 1);
      cluster.startWorker();
      cluster.await("spare: 1 2", 1);
    }
  }

  /// Nobody is answered between two questions, so a larger world takes the place of the one that
  /// was: the answer is the same.
  @Test
  void shouldUseALateWorkerBetweenAnswers() throws InterruptedException {
    Properties quick = new Properties();
    quick.setProperty("dllama.form-timeout", "100ms");
    try (var cluster = new TestCluster("llama31_rope_f32", DType.F32, "auto", quick)) {
      shouldMatch("llama31_rope_f32", 1, cluster);
      long epoch = cluster.forwardPass().pool().epoch();
      cluster.startWorker();
      cluster.await("spare: 1 2 soon", 1);
      shouldMatch("llama31_rope_f32", 1, cluster);
      assertEquals(epoch, cluster.forwardPass().pool().epoch(), "it is claimed from the start on");
      cluster.root().release();
      cluster.await("ready: 2", 1);
      assertEquals(1, cluster.count("changing: 2"), cluster.events::toString);
      cluster.root().claim();
      shouldMatch("llama31_rope_f32", 2, cluster);
      assertEquals(0, cluster.count("lost"), cluster.events::toString);
    }
  }

  @Test
  void shouldFormAnewWithTheNumberOfNodesThatIsAskedFor() throws InterruptedException {
    try (var cluster = new TestCluster("llama31_rope_f32", DType.F32, "2", new Properties())) {
      cluster.startWorker();
      shouldMatch("llama31_rope_f32", 2, cluster);
      cluster.root().release();
      assertThrows(UserException.class, () -> cluster.root().nodes(OptionalInt.of(3)));
      cluster.root().nodes(OptionalInt.of(1));
      cluster.await("ready: 1", 1);
      shouldMatch("llama31_rope_f32", 1, cluster);
      assertEquals(1, cluster.root().nodes(OptionalInt.of(4)).others().size());
      cluster.root().nodes(OptionalInt.of(2));
      cluster.await("ready: 2", 2);
      shouldMatch("llama31_rope_f32", 2, cluster);
      assertEquals(2, cluster.root().nodes(OptionalInt.empty()).computing().size());
      assertEquals(0, cluster.count("lost"), cluster.events::toString);
    }
  }

  /// What is rehearsed has other weights, a cache of its own and numbers of its own.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void shouldGiveTheSameTokensAfterARehearsal(int nodes) {
    try (var cluster = new TestCluster("llama31_rope_f32", DType.F32, nodes, rehearsal("60s"))) {
      cluster.await("rehearsed: steps get no quicker", 1);
      shouldMatch("llama31_rope_f32", nodes, cluster);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, on", "2, on", "4, on", "2, off"})
  void shouldAnswerInTheMiddleOfARehearsal(int nodes, String eventLoop) {
    Properties properties = rehearsal("60s");
    properties.setProperty("dllama.exchange.event-loop", eventLoop);
    try (var cluster = new TestCluster("llama31_rope_f32", DType.F32, nodes, properties)) {
      shouldMatch("llama31_rope_f32", nodes, cluster);
      assertEquals(1, cluster.count("rehearsed: a step is asked for"), cluster.events::toString);
      assertEquals(0, cluster.count("lost"), cluster.events::toString);
    }
  }

  @Test
  void shouldNoticeThatAWorkerIsLostInTheMiddleOfARehearsal() {
    try (var cluster = new TestCluster("llama31_rope_f32", DType.F32, 2, rehearsal("60s"))) {
      cluster.await("ready: 2", 1);
      cluster.root().release();
      cluster.workers.getFirst().close();
      cluster.await("lost: the worker at 127.0.0.1:", 1);
      cluster.startWorker();
      cluster.await("ready: 2", 2);
      shouldMatch("llama31_rope_f32", 2, cluster);
    }
  }

  private static Properties rehearsal(String limit) {
    Properties properties = new Properties();
    properties.setProperty("dllama.sync.rehearsal", limit);
    return properties;
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
      new OneSequence(cluster.forwardPass()).feed(new int[] {1}, 0);
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
      new OneSequence(cluster.forwardPass()).feed(new int[] {1}, 0);
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
      new OneSequence(cluster.forwardPass()).feed(new int[] {1}, 0);
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
