package dllama.shard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.format.DllamaFile;
import dllama.tensor.DType;
import dllama.tensor.WorkerPool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The recorded runs of distributed-llama on every node count they were made with; tolerances are
/// those of conformance/README.md.
class LlamaConformanceTest {
  private final WorkerPool pool = new WorkerPool(1);

  @ParameterizedTest
  @ValueSource(strings = {"llama_gqa_f32", "llama31_rope_f32", "llama_odd_f32"})
  void shouldGiveTheLogitsOfF32Runs(String caseName) {
    measure(caseName).forEach((run, difference) -> difference.assertF32(caseName + " " + run));
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama_gqa_q40", "llama31_rope_q40", "llama_odd_q40"})
  void shouldGiveTheLogitsOfQ40RunsAsNearAsRoundingAllows(String caseName) {
    measure(caseName)
        .forEach(
            (run, difference) -> {
              if (!run.contains("reference")) {
                difference.assertQ40(caseName + " " + run);
              }
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama_gqa_f32", "llama31_rope_f32", "llama_odd_f32"})
  void shouldGenerateTheTokensOfF32Runs(String caseName) {
    JsonNode golden = Conformance.golden(caseName);
    try (var file = DllamaFile.open(Conformance.file(caseName, "model.m"))) {
      for (int nodes : ShardPlan.usableWorldSizes(file.spec(), DType.F32)) {
        try (var forwardPass = Goldens.forwardPass(file, nodes, DType.F32, 32, pool)) {
          for (JsonNode prompt : golden.get("prompts")) {
            int[] tokens = Conformance.ints(prompt.get("prompt_tokens"));
            int[] expected = Conformance.ints(prompt.get("generated"));
            assertArrayEquals(
                expected,
                Goldens.greedy(forwardPass, tokens, expected.length),
                "%s on %d nodes: %s".formatted(caseName, nodes, prompt.get("text")));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama_gqa_q40", "llama31_rope_q40", "llama_odd_q40"})
  void shouldGenerateTheSameTokensOnAnyNumberOfNodesWithF32Exchange(String caseName) {
    JsonNode prompts = Conformance.golden(caseName).get("prompts");
    try (var file = DllamaFile.open(Conformance.file(caseName, "model.m"))) {
      Map<String, int[]> onOneNode = new TreeMap<>();
      for (int nodes : ShardPlan.usableWorldSizes(file.spec(), DType.F32)) {
        try (var forwardPass = Goldens.forwardPass(file, nodes, DType.F32, 32, pool)) {
          for (JsonNode prompt : prompts) {
            int[] tokens = Conformance.ints(prompt.get("prompt_tokens"));
            int[] actual = Goldens.greedy(forwardPass, tokens, prompt.get("generated").size());
            String text = prompt.get("text").asText();
            int[] expected = onOneNode.computeIfAbsent(text, _ -> actual);
            assertArrayEquals(
                expected, actual, "%s on %d nodes: %s".formatted(caseName, nodes, text));
          }
        }
      }
    }
  }

  /// Differences by "nodes build", and for the runs that are recorded in full.
  private Map<String, LogitsDifference> measure(String caseName) {
    Map<String, LogitsDifference> differences = new TreeMap<>();
    JsonNode golden = Conformance.golden(caseName);
    try (var file = DllamaFile.open(Conformance.file(caseName, "model.m"))) {
      List<Integer> usable = ShardPlan.usableWorldSizes(file.spec(), Goldens.exchange(golden));
      assertEquals(Goldens.recordedWorldSizes(golden), usable);
      for (int nodes : usable) {
        try (var forwardPass =
            Goldens.forwardPass(file, nodes, Goldens.exchange(golden), 1, pool)) {
          for (JsonNode prompt : golden.get("prompts")) {
            float[][] ours = Goldens.logits(forwardPass, Goldens.forcedTokens(prompt));
            compareTop(prompt, nodes, ours, differences);
          }
          compareFull(caseName, golden, forwardPass, nodes, differences);
        }
      }
    }
    report(caseName, differences);
    return differences;
  }

  /// Leaves the figures in `target/conformance`.
  private static void report(String caseName, Map<String, LogitsDifference> differences) {
    StringBuilder lines = new StringBuilder();
    differences.forEach(
        (run, difference) -> lines.append("%s, %s: %s%n".formatted(caseName, run, difference)));
    try {
      Path directory = Files.createDirectories(Path.of("target", "conformance"));
      Files.writeString(directory.resolve(caseName + ".txt"), lines);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void compareTop(
      JsonNode prompt, int nodes, float[][] ours, Map<String, LogitsDifference> differences) {
    Goldens.compareTop(prompt, nodes, ours, differences);
    if (nodes == 1) {
      differences
          .computeIfAbsent("nodes 1 reference", _ -> new LogitsDifference())
          .addTop(ours, prompt.at("/reference_f64/top"));
    }
  }

  private static void compareFull(
      String caseName,
      JsonNode golden,
      LocalForwardPass forwardPass,
      int nodes,
      Map<String, LogitsDifference> differences) {
    JsonNode prompt = golden.at("/prompts/0");
    float[][] ours = Goldens.logits(forwardPass, Goldens.forcedTokens(prompt));
    for (JsonNode run : prompt.get("runs")) {
      if (run.get("nodes").asInt() == nodes && run.hasNonNull("logits_file")) {
        String name = "nodes %d %s, all logits".formatted(nodes, run.get("build").asText());
        int vocabSize = forwardPass.spec().vocabSize();
        float[][] theirs = Conformance.logits(caseName, run.get("logits_file").asText(), vocabSize);
        differences.computeIfAbsent(name, _ -> new LogitsDifference()).addFull(ours, theirs);
      }
    }
  }
}
