package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.Conformance;
import dllama.FreePort;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Clusters of real processes on loopback, some of which are killed or frozen in the middle. Up to
/// eight that nobody disturbs are in [ConformanceIT].
@Tag("by-the-clock")
class ClusterIT {
  private static final String CASE = "llama31_rope_f32";
  private static final Duration FORM = NodeProcess.FORM;

  /// The promise is 3 s from the death of a worker to the message.
  private static final Duration NOTICE = Duration.ofSeconds(3);

  @TempDir static Path folder;

  private static TinyFiles tiny;

  private final List<NodeProcess> processes = new ArrayList<>();
  private final int port = FreePort.find();

  /// A model whose answers are long: random weights seldom say an end token.
  @BeforeAll
  static void synthesize() {
    tiny = TinyFiles.make(folder);
  }

  @AfterEach
  void killAll() {
    processes.forEach(NodeProcess::close);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void shouldGiveTheReferencesTokens(int nodes) throws IOException {
    JsonNode golden = Conformance.golden(CASE).get("prompts").get(0);
    startWorkers(nodes - 1, NodeProcess.PATIENCE);
    NodeProcess root =
        startRoot(nodes, NodeProcess.inference(CASE, golden.get("text").asText(), 64));
    assertEquals(0, root.exit(FORM), root::toString);
    JsonNode result = new ObjectMapper().readTree(String.join("\n", root.out()));
    assertEquals(nodes, result.get("nodes").asInt());
    assertArrayEquals(
        Conformance.ints(golden.get("prompt_tokens")),
        Conformance.ints(result.get("promptTokens")));
    assertArrayEquals(
        Conformance.ints(golden.get("generated")), Conformance.ints(result.get("tokens")));
  }

  /// The first step is asked for in the middle of the rehearsal.
  @Test
  void shouldGiveTheReferencesTokensAfterARehearsal() throws IOException {
    JsonNode golden = Conformance.golden(CASE).get("prompts").get(0);
    startWorkers(1, NodeProcess.PATIENCE);
    List<String> rehearsal = List.of("-Ddllama.sync.rehearsal=30s");
    String[] options = NodeProcess.inference(CASE, golden.get("text").asText(), 64);
    NodeProcess root = NodeProcess.root(rehearsal, port, 2, options);
    processes.add(root);
    assertEquals(0, root.exit(FORM), root::toString);
    JsonNode result = new ObjectMapper().readTree(String.join("\n", root.out()));
    assertArrayEquals(
        Conformance.ints(golden.get("generated")), Conformance.ints(result.get("tokens")));
  }

  @Test
  void shouldGiveTheSameTokensWithEveryExactCollectiveAndInHalves() throws IOException {
    startWorkers(3, NodeProcess.PATIENCE); // they join one root after the other
    JsonNode direct = answer("direct", "off");
    JsonNode scattered = answer("reduce-scatter", "on");
    assertEquals(16, direct.get("tokens").size());
    assertEquals(direct.get("tokens"), scattered.get("tokens"));
    NodeProcess rounding = answered("reduce-scatter-q80", "on");
    assertTrue(
        rounding.err().stream().anyMatch(line -> line.startsWith("sums are rounded to q80")),
        rounding::toString);
  }

  private JsonNode answer(String collective, String overlap) throws IOException {
    NodeProcess root = answered(collective, overlap);
    return new ObjectMapper().readTree(String.join("\n", root.out()));
  }

  /// The root of four nodes with Q8_0 exchange, which has answered and ended.
  private NodeProcess answered(String collective, String overlap) {
    NodeProcess root =
        startRoot(
            4,
            NodeProcess.inference(
                tiny.model(),
                tiny.tokenizer(),
                "Once upon a time",
                16,
                "--ignore-eos",
                "--collective",
                collective,
                "--overlap",
                overlap));
    assertEquals(0, root.exit(FORM), root::toString);
    return root;
  }

  @Test
  void shouldGoOnWithTheAnswerWhenAWorkerDiesAndGrowWhenOneIsBack() {
    String samePort = String.valueOf(FreePort.find());
    List<NodeProcess> workers = startWorkers(1, "--port", samePort);
    NodeProcess root = startChat();
    root.type("Tell me something long");
    root.await(FORM, node -> !node.out().isEmpty());
    workers.getFirst().signal("KILL");
    root.awaitError("has ended", 1, NOTICE);
    root.awaitError("1 node goes on", 1, FORM);
    assertTrue(root.isAlive());
    startWorkers(1, "--port", samePort);
    answerAgain(root);
  }

  /// The answer ends with the context; then two nodes answer.
  private static void answerAgain(NodeProcess root) {
    root.awaitError("tokens/s", 1, FORM);
    root.awaitError("2 nodes ready", 2, FORM);
    int before = root.out().size();
    root.type("/reset");
    root.type("And now?");
    root.await(FORM, node -> node.out().size() > before);
    assertTrue(root.err().stream().noneMatch(line -> line.contains("ends here")), root::toString);
  }

  @Test
  void shouldSayOnceWhyABenchmarkEnds() {
    NodeProcess worker = startWorkers(1).getFirst();
    String[] bench = {
      "bench",
      "--model",
      tiny.model().toString(),
      "--tokenizer",
      tiny.tokenizer().toString(),
      "--prefill",
      "8",
      "--decode",
      "1500",
      "--repeat",
      "9"
    };
    NodeProcess root = startRoot(2, bench);
    root.awaitError("2 nodes ready", 1, FORM);
    worker.signal("KILL");
    assertEquals(3, root.exit(FORM), root::toString);
    List<String> losses = root.err().stream().filter(line -> line.contains("has ended")).toList();
    assertEquals(1, losses.size(), root::toString);
  }

  @Test
  void shouldNoticeAFrozenWorkerAndTakeItBackWhenItThaws() {
    List<NodeProcess> workers = startWorkers(1);
    NodeProcess root = startChat();
    root.type("Tell me something long");
    root.await(FORM, node -> !node.out().isEmpty());
    workers.getFirst().signal("STOP");
    root.awaitError("has been silent", 1, NOTICE);
    root.awaitError("1 node goes on", 1, FORM);
    workers.getFirst().signal("CONT");
    answerAgain(root);
  }

  @Test
  void shouldJoinEveryRestartedRoot() throws IOException {
    NodeProcess worker = startWorkers(1).getFirst();
    for (int restart = 0; restart < 3; restart++) {
      NodeProcess root = startChat();
      root.type("Tell me something long");
      root.await(FORM, node -> !node.out().isEmpty());
      root.signal("KILL");
      root.exit(NOTICE);
      NodeProcess.sleep(restart < 2 ? 100 * restart : 20_000);
    }
    shouldAnswerTheReference(worker);
  }

  private void shouldAnswerTheReference(NodeProcess worker) throws IOException {
    JsonNode golden = Conformance.golden(CASE).get("prompts").get(0);
    NodeProcess root = startRoot(2, NodeProcess.inference(CASE, golden.get("text").asText(), 16));
    assertEquals(0, root.exit(FORM), () -> root + " " + worker);
    JsonNode result = new ObjectMapper().readTree(String.join("\n", root.out()));
    int[] expected = Conformance.ints(golden.get("generated"));
    assertArrayEquals(
        java.util.Arrays.copyOf(expected, 16), Conformance.ints(result.get("tokens")));
    assertTrue(worker.isAlive());
  }

  private List<NodeProcess> startWorkers(int count, String... options) {
    List<NodeProcess> started = NodeProcess.workers(port, count, options);
    processes.addAll(started);
    return started;
  }

  private NodeProcess startRoot(int nodes, String... options) {
    NodeProcess root = NodeProcess.root(port, nodes, options);
    processes.add(root);
    return root;
  }

  /// The root of two nodes, whose first answer has its first line after a quarter of its time.
  private NodeProcess startChat() {
    return startRoot(
        2,
        "chat",
        "--model",
        tiny.model().toString(),
        "--tokenizer",
        tiny.tokenizer().toString(),
        "--max-seq-len",
        "768",
        "--seed",
        "9");
  }
}
