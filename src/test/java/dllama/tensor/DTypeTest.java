package dllama.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

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

  @ParameterizedTest
  @CsvSource({"q40, Q4_0", "Q4_0, Q4_0", "q4_0, Q4_0", "q80, Q8_0", "Q8_0, Q8_0", "f16, F16"})
  void shouldBeKnownByTheFieldsNameAndTheCommandLines(String given, String name) {
    assertEquals(name, DType.named(given).name());
    assertEquals(DType.named(given), DType.named(DType.named(given).option()));
  }

  @Test
  void shouldNotKnowOtherNames() {
    assertThrows(IllegalArgumentException.class, () -> DType.named("Q9_9"));
  }

  @ParameterizedTest
  @MethodSource("dllama.tensor.DType#all")
  void shouldDecodeExactly(DType type) {
    try (var arena = Arena.ofConfined()) {
      int cols = Math.max(96, type.blockSize());
      Matrix matrix = TestData.matrix(new Random(4), type, 3, cols, arena);
      float[] values = new float[cols + 2];
      for (int row = 0; row < 3; row++) {
        type.decode(matrix.data(), row * type.byteSize(cols), cols, false, values, 1);
        type.decode(matrix.data(), row * type.byteSize(cols), cols, true, values, 1);
        for (int col = 0; col < cols; col++) {
          assertEquals(2 * TestData.element(matrix, row, col), values[1 + col]);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dllama.tensor.DType#all")
  void shouldMakeNoiseOfTheDeviationAskedFor(DType type) {
    int blocks = 20_000 / type.blockSize();
    int bytes = blocks * type.blockBytes();
    Random random = new Random(5);
    ByteBuffer noise = ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int block = 0; block < blocks; block++) {
      type.noise(random::nextLong, 0.5f, noise);
    }
    int size = blocks * type.blockSize();
    float[] values = new float[size];
    type.decode(MemorySegment.ofArray(noise.array()), 0, size, false, values, 0);
    double squares = 0;
    double sum = 0;
    for (float value : values) {
      squares += value * value;
      sum += value;
    }
    assertEquals(0, noise.remaining());
    assertEquals(0.5, Math.sqrt(squares / size), 0.01);
    assertEquals(0, sum / size, 0.02);
  }
}
