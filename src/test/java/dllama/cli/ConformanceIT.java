package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.Conformance;
import dllama.FreePort;
import dllama.engine.Goldens;
import dllama.engine.LogitsDifference;
import dllama.format.dllama.DllamaFile;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import dllama.tensor.WorkerPool;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Recorded runs of distributed-llama with real processes on loopback: every model on one of the
/// numbers of nodes that it was recorded with, several if there are any; those with F32 exchange
/// also on 8 where the model has fewer kv heads, which distributed-llama refuses. In one JVM,
/// `ModelConformanceTest` runs all of them on all.
///
/// The same seven workers serve one root after the other, so every run but the first is also one
/// of workers that lost their root and joined the next. Workers compute with plain loops, and roots
/// too, but for those of eight nodes; vectors also take part in the tests in one JVM, and here in
/// what is compared with.
class ConformanceIT {
  private static final int PORT = FreePort.find();
  private static final int MOST = 8;

  @TempDir static Path folder;

  private static NodeProcess[] workers = {};
  private NodeProcess root;

  @BeforeAll
  static void startWorkers() {
    workers = NodeProcess.workers(PORT, MOST - 1, NodeProcess.PATIENCE).toArray(NodeProcess[]::new);
  }

  @AfterAll
  static void stopWorkers() {
    Stream.of(workers).forEach(NodeProcess::close);
  }

  @AfterEach
  void stopRoot() {
    root.close();
    for (NodeProcess worker : workers) {
      assertTrue(worker.isAlive(), worker::toString);
    }
  }

  static Stream<Arguments> f32Runs() {
    return Stream.concat(
        runs(Goldens.F32_CASES),
        Goldens.F32_CASES.stream().flatMap(ConformanceIT::runsWithSharedKvHeads));
  }

  private static Stream<Arguments> runsWithSharedKvHeads(String name) {
    try (var file = DllamaFile.open(Conformance.file(name, "model.m"))) {
      int kvHeads = file.spec().kvHeads();
      List<Integer> usable = ShardPlan.usableWorldSizes(file.spec(), DType.F32);
      return kvHeads < MOST && usable.contains(MOST)
          ? Stream.of(runOn(name, MOST, Conformance.golden(name).at("/prompts/0")))
          : Stream.of();
    }
  }

  static Stream<Arguments> q40Runs() {
    return runs(Goldens.Q4_0_CASES);
  }

  /// Node counts and prompts take turns.
  private static Stream<Arguments> runs(List<String> cases) {
    return IntStream.range(0, cases.size())
        .mapToObj(
            number -> {
              String name = cases.get(number);
              JsonNode golden = Conformance.golden(name);
              List<Integer> sizes = Goldens.recordedWorldSizes(golden);
              List<Integer> several = sizes.subList(Math.min(1, sizes.size() - 1), sizes.size());
              int nodes = several.get(number % several.size());
              List<JsonNode> prompts = Goldens.promptsOn(golden, nodes);
              return runOn(name, nodes, prompts.get(number % prompts.size()));
            });
  }

  private static Arguments runOn(String name, int nodes, JsonNode prompt) {
    return Arguments.of(Named.of(name + " on " + nodes, name), nodes, prompt);
  }

  @ParameterizedTest
  @MethodSource("f32Runs")
  void shouldGenerateTheTokensOf(String name, int nodes, JsonNode prompt) throws IOException {
    run(
        name,
        nodes,
        "inference",
        "--tokenizer",
        Conformance.file(name, "tokenizer.t").toString(),
        "--temperature",
        "0",
        "--output",
        "json",
        "--prompt",
        prompt.get("text").asText(),
        "--steps",
        "64",
        "--ignore-eos");
    JsonNode result = new ObjectMapper().readTree(String.join("\n", root.out()));
    assertEquals(nodes, result.get("nodes").asInt());
    assertArrayEquals(
        Conformance.ints(prompt.get("prompt_tokens")),
        Conformance.ints(result.get("promptTokens")));
    assertArrayEquals(
        Conformance.ints(prompt.get("generated")), Conformance.ints(result.get("tokens")));
  }

  @ParameterizedTest
  @MethodSource("q40Runs")
  void shouldGiveTheLogitsOf(String name, int nodes, JsonNode prompt) {
    int[] tokens = Goldens.forcedTokens(prompt);
    Path out = folder.resolve(name + nodes);
    run(
        name,
        nodes,
        "logits",
        "--kv-float-type",
        "f32",
        "--tokens",
        Arrays.stream(tokens).mapToObj(String::valueOf).collect(Collectors.joining(",")),
        "--out",
        out.toString());
    float[][] inOneProcess = logitsInThisProcess(name, nodes, tokens);
    float[][] ours = Conformance.logits(out, inOneProcess[0].length);
    assertEquals(tokens.length, ours.length);
    Map<String, LogitsDifference> differences = new TreeMap<>();
    Goldens.compareTop(prompt, nodes, ours, differences);
    assertFalse(differences.isEmpty());
    differences.forEach(
        (run, difference) -> difference.assertQ4_0(name + " " + run, Goldens.architecture(name)));
    for (int position = 0; position < tokens.length; position++) {
      assertArrayEquals(inOneProcess[position], ours[position], "bits at position " + position);
    }
  }

  /// What is computed must not depend on where, to the bit.
  private static float[][] logitsInThisProcess(String name, int nodes, int[] tokens) {
    try (var pool = new WorkerPool(1);
        var file = DllamaFile.open(Conformance.file(name, "model.m"));
        var forwardPass =
            Goldens.forwardPass(file, nodes, Goldens.exchange(Conformance.golden(name)), 1, pool)) {
      return Goldens.logits(forwardPass, tokens);
    }
  }

  private void run(String name, int nodes, String... options) {
    String[] withModel = Arrays.copyOf(options, options.length + 3);
    withModel[options.length] = "--model";
    withModel[options.length + 1] = Conformance.file(name, "model.m").toString();
    withModel[options.length + 2] = NodeProcess.PATIENCE;
    root =
        nodes == MOST
            ? NodeProcess.root(PORT, nodes, withModel)
            : NodeProcess.lightRoot(PORT, nodes, withModel);
    assertEquals(0, root.exit(NodeProcess.FORM), root::toString);
  }
}
