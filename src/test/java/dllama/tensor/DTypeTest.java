package dllama.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class DTypeTest {
  @Test
  void shouldCountBytesOfLargeMatrices() {
    assertEquals(18L * (1L << 35) / 32, DType.Q4_0.byteSize(1L << 35));
    assertEquals(4L * (1L << 35), DType.F32.byteSize(1L << 35));
    assertEquals(68, DType.Q8_0.byteSize(64));
    assertEquals(6, DType.F16.byteSize(3));
  }

  @Test
  void shouldRefusePartsOfABlock() {
    assertThrows(IllegalArgumentException.class, () -> DType.Q4_0.byteSize(33));
  }
}
