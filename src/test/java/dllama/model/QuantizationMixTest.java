package dllama.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dllama.Conformance;
import dllama.format.ModelFiles;
import dllama.format.file.ModelFile;
import dllama.tensor.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizationMixTest {
  /// Files that llama-quantize wrote.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama_q4_k_m",
        "llama31_q4_k_m",
        "qwen2_q4_k_m",
        "qwen3_q4_k_m",
        "qwen3moe_q4_k_m",
        "mixtral_q4_k_m"
      })
  void shouldBeThatOfLlamaQuantize(String name) {
    assumeTrue(Conformance.has("gguf/" + name, "model.gguf"));
    try (ModelFile file =
        ModelFiles.open(Conformance.file("gguf/" + name, "model.gguf"), ModelFile.Hints.NONE)) {
      ModelSpec spec = file.spec();
      ModelSpec mixed = QuantizationMix.q4km(spec.with(TensorTypes.all(DType.F32), spec.rope()));
      for (TensorRole.Name tensor : TensorRole.ofModel(spec)) {
        if (tensor.role() != TensorRole.EMBEDDING) { // may be the output, too
          assertEquals(spec.type(tensor), mixed.type(tensor), tensor.text());
        }
      }
    }
  }

  @Test
  void shouldBeThatOfMixedExperts() {
    String folder = "gguf/gptoss_mxfp4";
    assumeTrue(Conformance.has(folder, "model.gguf"));
    try (ModelFile file =
        ModelFiles.open(Conformance.file(folder, "model.gguf"), ModelFile.Hints.NONE)) {
      ModelSpec spec = file.spec();
      ModelSpec mixed =
          QuantizationMix.mxfp4Moe(spec.with(TensorTypes.all(DType.F32), spec.rope()));
      for (TensorRole.Name tensor : TensorRole.ofModel(spec)) {
        assertEquals(spec.type(tensor), mixed.type(tensor), tensor.text());
      }
    }
  }

  @Test
  void shouldHaveMoreBitsInHalfOfTheLayers() {
    ModelSpec spec = QuantizationMix.q4km(Shapes.spec("llama3.2-1b", DType.F32));
    long more =
        TensorRole.ofModel(spec).stream()
            .filter(name -> name.role() == TensorRole.W2 && spec.type(name).equals(DType.Q6_K))
            .count();
    assertEquals(8, more);
    assertEquals(DType.Q6_K, spec.type(new TensorRole.Name(TensorRole.WCLS)));
    assertEquals(DType.Q4_K, spec.type(new TensorRole.Name(TensorRole.EMBEDDING)));
  }

  /// Rows of Qwen 2.5 0.5B are 896 wide.
  @Test
  void shouldTakeSmallerBlocksWhereRowsAreNotWholeOnes() {
    ModelSpec spec = QuantizationMix.q4km(Shapes.spec("qwen2.5-0.5b", DType.F32));
    assertEquals(DType.Q5_0, spec.type(new TensorRole.Name(TensorRole.WQ, 3)));
    assertEquals(DType.Q8_0, spec.type(new TensorRole.Name(TensorRole.WCLS)));
    assertEquals(DType.Q6_K, spec.type(new TensorRole.Name(TensorRole.W2, 0)));
  }

  @Test
  void shouldFitEveryShape() {
    for (String name : Shapes.names()) {
      ModelSpec spec = QuantizationMix.q4km(Shapes.spec(name, DType.F32));
      assertTrue(spec.weightTypes().size() >= 2, name);
    }
  }
}
