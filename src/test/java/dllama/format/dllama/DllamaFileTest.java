package dllama.format.dllama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.error.UserException;
import dllama.format.file.ModelFile.Hints;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.Rope;
import dllama.model.TensorRole;
import dllama.model.TensorRole.Name;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DllamaFileTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama_gqa_f32",
        "llama_gqa_q40",
        "llama31_rope_f32",
        "llama31_rope_q40",
        "llama_odd_q40"
      })
  void shouldReadHeaderAndShapes(String caseName) {
    JsonNode header = Conformance.golden(caseName).get("header");
    try (DllamaFile file = DllamaFile.open(Conformance.file(caseName, "model.m"))) {
      ModelSpec spec = file.spec();
      assertEquals(Architecture.LLAMA, spec.architecture());
      assertEquals(header.get("dim").asInt(), spec.dim());
      assertEquals(header.get("hidden_dim").asInt(), spec.ffnDim());
      assertEquals(header.get("n_layers").asInt(), spec.layers());
      assertEquals(header.get("n_heads").asInt(), spec.heads());
      assertEquals(header.get("n_kv_heads").asInt(), spec.kvHeads());
      assertEquals(header.get("vocab").asInt(), spec.vocabSize());
      assertEquals(header.get("seq_len").asInt(), spec.contextLength());
      assertEquals(
          header.get("wtype").asInt() == 0 ? DType.F32 : DType.Q4_0, spec.types().matrices());
      assertEquals(ModelSpec.Activation.SILU, spec.activation());
      assertEquals(1e-5f, spec.rmsEpsilon());
      for (int layer = 0; layer < spec.layers(); layer++) {
        assertShape(file, new Name(TensorRole.WQ, layer), spec.qDim(), spec.dim());
        assertShape(file, new Name(TensorRole.WO, layer), spec.dim(), spec.qDim());
        assertShape(file, new Name(TensorRole.W1, layer), spec.ffnDim(), spec.dim());
        assertShape(file, new Name(TensorRole.W2, layer), spec.dim(), spec.ffnDim());
        assertShape(file, new Name(TensorRole.W3, layer), spec.ffnDim(), spec.dim());
      }
      assertShape(file, new Name(TensorRole.WCLS), spec.vocabSize(), spec.dim());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama_gqa_q40, llama, 0, 0, 256",
    "qwen3_f32, qwen3, 0, 0, 256",
    "qwen3moe_q40, qwen3moe, 8, 2, 256",
    "mixtral_f32, mixtral, 8, 2, 96",
    "grok1_q40, grok1, 4, 2, 128",
    "old_llama_fixedhdr_f32, llama, 0, 0, 192"
  })
  void shouldTellArchitecturesApart(
      String caseName, String architecture, int experts, int active, int ffnDim) {
    try (DllamaFile file = DllamaFile.open(Conformance.file(caseName, "model.m"))) {
      assertEquals(Architecture.named(architecture), file.spec().architecture());
      assertEquals(experts, file.spec().experts());
      assertEquals(active, file.spec().activeExperts());
      assertEquals(ffnDim, file.spec().ffnDim());
      assertEquals(
          architecture.equals("grok1") ? ModelSpec.Activation.GELU : ModelSpec.Activation.SILU,
          file.spec().activation());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen3_f32", "qwen3moe_q40", "mixtral_q40", "grok1_f32"})
  void shouldFindTheNormsOfEveryArchitecture(String caseName) {
    try (DllamaFile file = DllamaFile.open(Conformance.file(caseName, "model.m"))) {
      for (int layer = 0; layer < file.spec().layers(); layer++) {
        for (Name name : TensorRole.ofLayer(file.spec(), layer)) {
          if (name.role().isVector()) {
            assertNorm(file.weights().get(name));
          }
        }
      }
    }
  }

  @Test
  void shouldFindTheWeightTypeOfOldFilesByTheirLength() {
    Path path = Conformance.file("old_llama_fixedhdr_f32", "model.m");
    try (DllamaFile file = DllamaFile.open(path)) {
      assertEquals(DType.F32, file.spec().types().matrices());
    }
    Hints wrong = new Hints(Optional.empty(), Optional.of(DType.Q4_0));
    assertThrows(UserException.class, () -> DllamaFile.open(path, wrong));
  }

  @Test
  void shouldBelieveTheUserAboutTheArchitecture() {
    Path path = Conformance.file("mixtral_f32", "model.m");
    Hints qwen = new Hints(Optional.of(Architecture.QWEN3_MOE), Optional.empty());
    // That has two more norms per layer than the file.
    var e = assertThrows(UserException.class, () -> DllamaFile.open(path, qwen));
    assertTrue(e.getMessage().contains("bytes where its header asks for"), e.getMessage());
    assertTrue(e.getMessage().contains("leave --arch out"), e.getMessage());
    assertThrows(UserException.class, () -> Architecture.named("gpt5"));
  }

  @Test
  void shouldReadRopeScaling() {
    try (DllamaFile file = DllamaFile.open(Conformance.file("llama31_rope_q40", "model.m"))) {
      assertEquals(Rope.llama31(500_000, 8, 1, 4, 32), file.spec().rope());
      assertEquals(32, file.spec().headDim());
      assertEquals(256, file.spec().qDim());
    }
  }

  @Test
  void shouldFindTensorsInOrder() {
    // The norms of a random test model lie around 1; at any wrong offset they would not.
    try (DllamaFile file = DllamaFile.open(Conformance.file("llama_odd_q40", "model.m"))) {
      for (int layer = 0; layer < file.spec().layers(); layer++) {
        assertNorm(file.weights().get(TensorRole.ATTENTION_NORM, layer));
        assertNorm(file.weights().get(TensorRole.FFN_NORM, layer));
      }
      assertNorm(file.weights().get(TensorRole.FINAL_NORM));
    }
  }

  @Test
  void shouldRefuseAccessAfterClose() {
    DllamaFile file = DllamaFile.open(Conformance.file("llama_odd_q40", "model.m"));
    file.close();
    assertThrows(
        IllegalStateException.class,
        () -> file.weights().get(TensorRole.FINAL_NORM).data().get(ValueLayout.JAVA_BYTE, 0));
  }

  private static void assertShape(DllamaFile file, Name name, long rows, long cols) {
    Matrix matrix = file.weights().get(name);
    assertEquals(rows, matrix.rows());
    assertEquals(cols, matrix.cols());
  }

  private static void assertNorm(Matrix norm) {
    for (long i = 0; i < norm.cols(); i++) {
      float value = norm.data().get(ValueLayout.JAVA_FLOAT_UNALIGNED, i * Float.BYTES);
      assertEquals(1, value, 0.99, "norm value " + i);
    }
  }
}
