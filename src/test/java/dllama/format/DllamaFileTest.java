package dllama.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Rope;
import dllama.model.TensorRole;
import dllama.model.TensorRole.Name;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DllamaFileTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "llama_gqa_f32",
        "llama_gqa_q40",
        "llama31_rope_f32",
        "llama31_rope_q40",
        "llama_odd_f32",
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
      assertEquals(header.get("wtype").asInt() == 0 ? DType.F32 : DType.Q40, spec.weightType());
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

  @Test
  void shouldReadRopeScaling() {
    try (DllamaFile file = DllamaFile.open(Conformance.file("llama31_rope_q40", "model.m"))) {
      assertEquals(new Rope(500_000, 8, 1, 4, 32), file.spec().rope());
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
      assertEquals(1, value, 0.75, "norm value " + i);
    }
  }
}
