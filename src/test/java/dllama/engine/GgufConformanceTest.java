package dllama.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.format.ModelFiles;
import dllama.format.file.ModelFile;
import dllama.model.Architecture.Trait;
import dllama.model.ModelSpec;
import dllama.slice.ShardPlan;
import dllama.tensor.DType;
import dllama.tensor.Kernels;
import dllama.tensor.WorkerPool;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// GGUF models beside llama.cpp's logits. Weights that are not quantised multiply unrounded
/// activations and are compared with llama.cpp's logits of the dequantised model; quantised ones
/// multiply activations in blocks of 32 codes (llama.cpp: 32 or 256) and may be as far from these
/// as llama.cpp's own are.
class GgufConformanceTest {
  private static final String FOLDER = "gguf";

  /// Types of weights that multiply unrounded activations.
  private static final Set<String> FLOATS = Set.of("F32", "F16", "BF16");

  private final WorkerPool pool = new WorkerPool(1);

  /// Cases of the project's own, and those beside it.
  static Stream<String> cases() {
    return Stream.of(
        "llama_f32",
        "llama_f16",
        "llama_bf16",
        "llama31_f16",
        "llama31_q4_k_m",
        "llama_q8_0",
        "llama_q4_0",
        "llama_q5_0",
        "llama_q4_k_m",
        "llama_q5_k_m",
        "llama_q6_k",
        "llama_q3_k_m",
        "llama_iq4_nl",
        "llama_iq4_xs",
        "llama_mxfp4",
        "mixtral_f16",
        "mixtral_q4_k_m",
        "qwen2_f16",
        "qwen2_q4_k_m",
        "qwen3_f32",
        "qwen3_f16",
        "qwen3_q4_k_m",
        "qwen3moe_f16",
        "qwen3moe_q4_k_m",
        "gemma3_f16",
        "gemma3_q4_k_m",
        "gemma4_f16",
        "gemma4_q4_k_m",
        "gemma4moe_f16",
        "gptoss_f16",
        "gptoss_mxfp4",
        "gptoss_mxfp4_small",
        "gptoss_q4_k_m",
        "qwen2moe_f16",
        "glm4_f16",
        "glm4bias_f16",
        "granite_f16",
        "granitemoe_f16",
        "smollm3_f16",
        "phi3_f16",
        "seedoss_f16",
        "mistral3_f16",
        "exaone4_f16",
        "hunyuan_f16",
        "hunyuanmoe_f16",
        "exaone_f16",
        "glm4moe_f16",
        "glm4moenorms_f16",
        "ernie45moe_f16",
        "dots1_f16",
        "qwen35_f32",
        "qwen35_f16",
        "qwen35_q4_k_m",
        "qwen35moe_f16",
        "qwen35moe_q4_k_m",
        "qwen3next_f16",
        "qwen3next_q4_k_m");
  }

  private static Path file(String name, String file) {
    String path = FOLDER + "/" + name;
    assumeTrue(Conformance.has(path, file), "no conformance/" + path);
    return Conformance.file(path, file);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void shouldGiveTheLogitsOfLlamaCpp(String name) {
    JsonNode golden = Conformance.json(file(name, "golden.json"));
    try (ModelFile file = ModelFiles.open(file(name, "model.gguf"), ModelFile.Hints.NONE)) {
      ModelSpec spec = file.spec();
      boolean floats = spec.weightTypes().stream().allMatch(type -> FLOATS.contains(type.name()));
      LogitsDifference reference = new LogitsDifference();
      try (LocalForwardPass model = model(file, 1)) {
        for (JsonNode prompt : golden.get("prompts")) {
          String logits = prompt.get(oracle(spec, prompt)).asText();
          float[][] theirs = Conformance.logits(file(name, logits), spec.vocabSize());
          int[] tokens = tokens(prompt, theirs.length);
          reference.addFull(Goldens.logits(model, tokens), theirs);
        }
      }
      check(name, spec, floats, reference);
    }
  }

  /// llama.cpp takes GELU from a table of float16, so Gemma is compared with an evaluation in
  /// double precision.
  private static String oracle(ModelSpec spec, JsonNode prompt) {
    if (spec.activation() == ModelSpec.Activation.GELU) {
      return "float64";
    }
    return prompt.has("reference") ? "reference" : "logits";
  }

  private static void check(
      String name, ModelSpec spec, boolean floats, LogitsDifference reference) {
    String text = name + ": " + reference;
    // llama.cpp computes the delta rule in chunks.
    boolean deltaNets = spec.deltaNet().exists();
    if (floats) {
      assertTrue(reference.maxAbs() <= (deltaNets ? 1e-3 : 3e-4), text);
      assertTrue(reference.argmaxShare() >= 0.97, text);
    } else if (spec.architecture().has(Trait.EXPERTS)) {
      assertTrue(reference.argmaxShare() >= 0.8, text); // one choice of an expert moves a row
    } else {
      assertTrue(reference.maxAbs() <= (deltaNets ? 3 : 1.6), text);
      assertTrue(reference.rms() <= (deltaNets ? 0.35 : 0.2), text);
      assertTrue(reference.argmaxShare() >= 0.85, text);
    }
  }

  private static int[] tokens(JsonNode prompt, int rows) {
    int[] ids = Conformance.ints(prompt.get("ids"));
    int[] generated = Conformance.ints(prompt.get("generated"));
    return IntStream.concat(IntStream.of(ids), IntStream.of(generated)).limit(rows).toArray();
  }

  private LocalForwardPass model(ModelFile file, int nodes) {
    ModelSpec spec = file.spec();
    return new LocalForwardPass(
        file.source(),
        new ShardPlan(spec, DType.F32, nodes),
        new EngineSettings(DType.F32, Math.min(spec.contextLength(), 256), 8),
        Kernels.choose(true),
        pool);
  }

  /// The same bits on any number of nodes; blocks of 256 are cut in 32 columns for 8 of them.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama_q4_k_m",
        "llama31_q4_k_m",
        "qwen3moe_q4_k_m",
        "mixtral_q4_k_m",
        "gemma4_f16",
        "gemma4_q4_k_m",
        "gemma4moe_f16",
        "qwen35_f32",
        "qwen35_q4_k_m",
        "qwen35moe_q4_k_m",
        "qwen3next_f16",
        "qwen3next_q4_k_m"
      })
  void shouldGiveTheSameBitsOnAnyNumberOfNodes(String name) {
    try (ModelFile file = ModelFiles.open(file(name, "model.gguf"), ModelFile.Hints.NONE)) {
      int[] tokens = {1, 261, 70, 187, 300, 12, 44};
      float[][] alone = null;
      List<Integer> sizes = ShardPlan.usableWorldSizes(file.spec(), DType.F32);
      int heads = file.spec().heads();
      List<Integer> wanted = Stream.of(1, 2, 4, 8).filter(nodes -> nodes <= heads).toList();
      assertTrue(sizes.containsAll(wanted), sizes::toString);
      for (int nodes : sizes) {
        try (LocalForwardPass model = model(file, nodes)) {
          float[][] logits = Goldens.logits(model, tokens);
          alone = alone == null ? logits : alone;
          assertArrayEquals(alone, logits, name + " on " + nodes);
        }
      }
    }
  }

  /// A model in two files is the same as in one.
  @org.junit.jupiter.api.Test
  void shouldReadModelsInSeveralFiles() {
    file("split_llama_q4_k_m", "model-00002-of-00002.gguf"); // unpacked beside the first
    Path split = file("split_llama_q4_k_m", "model-00001-of-00002.gguf");
    try (ModelFile one = ModelFiles.open(file("llama_q4_k_m", "model.gguf"), ModelFile.Hints.NONE);
        ModelFile two = ModelFiles.open(split, ModelFile.Hints.NONE)) {
      one.weights()
          .tensors()
          .forEach(
              (tensor, matrix) ->
                  assertTrue(
                      matrix.data().mismatch(two.weights().get(tensor).data()) < 0, tensor::text));
    }
  }
}
