package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.error.UserException;
import dllama.format.SynthModel;
import dllama.format.dllama.DllamaFile;
import dllama.format.file.ModelFile;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import dllama.tensor.WorkerPool;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// No recorded runs of Qwen 2.5 exist, so a model file of random weights is compared with
/// [PlainReference], and that with recorded runs of other models.
class Qwen2Test {
  private static final int SEED = 20261124;
  private static final ModelSpec SPEC = Specs.small(DType.F32, Architecture.QWEN2);

  @TempDir private Path folder;
  private final WorkerPool pool = new WorkerPool(2);

  private DllamaFile model() {
    Path path = folder.resolve("qwen2.m");
    SynthModel.write(path, SPEC, SEED, (bytes, total) -> {});
    return DllamaFile.open(path);
  }

  @Test
  void shouldTellTheArchitectureInTheFile() {
    try (DllamaFile file = model()) {
      assertEquals(SPEC, file.spec());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 16})
  void shouldGiveTheLogitsOfThePlainReference(int nodes) {
    int[] tokens = new Random(SEED).ints(40, 0, SPEC.vocabSize()).toArray();
    try (DllamaFile file = model();
        var forwardPass = Goldens.forwardPass(file, nodes, DType.F32, 1, pool)) {
      assertNear(tokens, forwardPass, new PlainReference(SPEC, file.weights()));
    }
  }

  @Test
  void shouldGenerateTheSameTokensOnAnyNumberOfNodes() {
    int[] prompt = new Random(SEED).ints(20, 0, SPEC.vocabSize()).toArray();
    int[] expected = new int[40];
    try (DllamaFile file = model()) {
      PlainReference reference = new PlainReference(SPEC, file.weights());
      double[] logits = {};
      for (int token : prompt) {
        logits = reference.next(token);
      }
      for (int i = 0; i < expected.length; i++) {
        expected[i] = argmax(logits);
        logits = reference.next(expected[i]);
      }
      assertEquals(List.of(1, 2, 4, 8, 16), ShardPlan.usableWorldSizes(SPEC, DType.F32));
      for (int nodes : ShardPlan.usableWorldSizes(SPEC, DType.F32)) {
        try (var forwardPass = Goldens.forwardPass(file, nodes, DType.F32, 32, pool)) {
          assertArrayEquals(expected, Goldens.greedy(forwardPass, prompt, 40), nodes + " nodes");
        }
      }
    }
  }

  /// Else the tests above would pass without any bias at all.
  @Test
  void shouldDependOnTheBiases() {
    try (DllamaFile file = model();
        var forwardPass = Goldens.forwardPass(file, 1, DType.F32, 1, pool)) {
      float[] with = Goldens.logits(forwardPass, new int[] {7})[0];
      ModelSpec plain = Specs.small(DType.F32, Architecture.LLAMA);
      double[] without = new PlainReference(plain, file.weights()).next(7);
      double most = 0;
      for (int i = 0; i < with.length; i++) {
        most = Math.max(most, Math.abs(with[i] - without[i]));
      }
      assertTrue(most > 0.01, "most=" + most);
    }
  }

  /// The reference itself, on a model that other programs ran.
  @ParameterizedTest
  @ValueSource(strings = {"llama_gqa_f32", "qwen3_f32"})
  void shouldHaveAReferenceThatOtherProgramsAgreeWith(String caseName) {
    JsonNode prompt = Conformance.golden(caseName).at("/prompts/0");
    int[] generated = Conformance.ints(prompt.get("generated"));
    try (var file = DllamaFile.open(Conformance.file(caseName, "model.m"))) {
      PlainReference reference = new PlainReference(file.spec(), file.weights());
      double[] logits = {};
      for (int token : Conformance.ints(prompt.get("prompt_tokens"))) {
        logits = reference.next(token);
      }
      for (int token : Arrays.copyOf(generated, 16)) {
        assertEquals(token, argmax(logits));
        logits = reference.next(token);
      }
    }
  }

  @Test
  void shouldObeyAHintAboutTheArchitecture() {
    Path path = folder.resolve("llama.m");
    SynthModel.write(path, Specs.small(DType.F32), SEED, (bytes, total) -> {});
    var hints = new ModelFile.Hints(Optional.of(Architecture.named("qwen2")), Optional.empty());
    // The file has no biases, so its length tells.
    var e = assertThrows(UserException.class, () -> DllamaFile.open(path, hints));
    assertTrue(e.getMessage().contains("bytes where its header asks for"), e.getMessage());
  }

  private static void assertNear(
      int[] tokens, LocalForwardPass forwardPass, PlainReference reference) {
    float[][] ours = Goldens.logits(forwardPass, tokens);
    for (int row = 0; row < tokens.length; row++) {
      double[] expected = reference.next(tokens[row]);
      assertFalse(Double.isNaN(expected[0]));
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], ours[row][i], 5e-5, "row " + row);
      }
    }
  }

  private static int argmax(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }
}
