package dllama.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dllama.error.UserException;
import dllama.model.ModelSpec.Activation;
import dllama.tensor.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelSpecTest {
  private static ModelSpec spec(
      DType type, int dim, int layers, int heads, int kvHeads, int headDim) {
    return new ModelSpec(
        Architecture.LLAMA,
        type,
        dim,
        64,
        0,
        0,
        layers,
        heads,
        kvHeads,
        headDim,
        100,
        64,
        1e-5f,
        Activation.SILU,
        Rope.unscaled(10000));
  }

  @Test
  void shouldDeriveWidths() {
    ModelSpec spec = spec(DType.Q4_0, 64, 2, 8, 2, 16);
    assertEquals(128, spec.qDim());
    assertEquals(32, spec.kvDim());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
  void shouldRefuseAbsurdSizes(int size) {
    assertThrows(UserException.class, () -> spec(DType.F32, size, 2, 8, 2, 16));
    assertThrows(UserException.class, () -> spec(DType.F32, 64, size, 8, 2, 16));
    assertThrows(UserException.class, () -> spec(DType.F32, 64, 2, size, 2, 16));
    assertThrows(UserException.class, () -> spec(DType.F32, 64, 2, 8, size, 16));
    assertThrows(UserException.class, () -> spec(DType.F32, 64, 2, 8, 2, size));
  }

  @Test
  void shouldRefuseHeadsThatDoNotShareKvHeadsEvenly() {
    var e = assertThrows(UserException.class, () -> spec(DType.F32, 64, 2, 8, 3, 16));
    assertEquals("model header: heads=8 is not a multiple of kvHeads=3", e.getMessage());
  }

  @Test
  void shouldRefusePartsOfQuantizedBlocks() {
    assertThrows(UserException.class, () -> spec(DType.Q4_0, 72, 2, 8, 2, 16));
    assertThrows(UserException.class, () -> spec(DType.Q8_0, 64, 2, 3, 1, 14));
    assertEquals(72, spec(DType.F32, 72, 2, 8, 2, 16).dim());
  }

  @Test
  void shouldRefuseRopeThatIsNotANumber() {
    assertThrows(UserException.class, () -> Rope.unscaled(Float.NaN));
    assertThrows(UserException.class, () -> Rope.unscaled(0));
    assertThrows(UserException.class, () -> Rope.llama31(10000, 8, 4, 1, 8192));
    assertThrows(UserException.class, () -> Rope.llama31(10000, 8, 1, 4, 0));
  }
}
