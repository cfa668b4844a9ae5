package dllama.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Weights that are rounded as they are read.
class RoundingTest {
  private static final int SIZE = 32 * 4096;

  /// Hashes; in two of five blocks values that lie in the middle between two codes.
  private static float[] values() {
    float[] values = new float[SIZE];
    for (int i = 0; i < SIZE; i++) {
      long hash = i * 2654435761L & 0xffffffffL;
      hash ^= hash >>> 15;
      values[i] =
          switch (i / 32 % 5) {
            case 0 -> (hash % 33 - 16) * 0.5f;
            case 1 -> (hash % 255 - 127) * 0.25f;
            default -> (hash - (1L << 31)) * 0x1p-33f;
          };
      values[i] = i / 32 == 7 ? 0 : values[i];
    }
    return values;
  }

  /// The digests are of what the arithmetic of distributed-llama's writer.py gave with numpy.
  @ParameterizedTest
  @CsvSource({
    "F32, e6ead509b5c74667fae2415a71f0efc59b01a8a5fedce754f7ca6746b3a18363",
    "Q4_0, 175a226d4022a31ec6412d762e2432fa38168847ffeecfde0693e46270394d8f",
    "Q8_0, e40062157a182ae95c2e93fba674d0e94135753c25563d54dacd0211c4e5de9d",
    "F16, 9d6055fc977ed6aeeea8bb27f7ac4ca20cfb0e09c96bc2c83a451d8ee126a4bd",
  })
  void shouldRoundAsTheConverterDoes(String type, String digest) throws NoSuchAlgorithmException {
    DType dtype = DType.named(type);
    byte[] bytes = new byte[(int) dtype.byteSize(SIZE)];
    dtype.round(values(), 0, SIZE, MemorySegment.ofArray(bytes), 0);
    byte[] sha256 = MessageDigest.getInstance("SHA-256").digest(bytes);
    assertEquals(digest, HexFormat.of().formatHex(sha256));
  }

  @Test
  void shouldNotRoundToOtherTypes() {
    MemorySegment to = MemorySegment.ofArray(new byte[1000]);
    assertThrows(
        IllegalArgumentException.class, () -> DType.Q4_K.round(new float[256], 0, 256, to, 0));
  }

  private static Matrix matrix(float[] values, int rows, int heads) {
    byte[] bytes = new byte[values.length * Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
    return Matrix.ofHeads(
        MemorySegment.ofArray(bytes), DType.F32, rows, values.length / rows, heads);
  }

  @Test
  void shouldGiveRowsOfHalvesInPairs() {
    float[] values = {10, 12, 14, 11, 13, 15, 20, 22, 24, 21, 23, 25};
    Matrix rounded = matrix(values, 12, 2).rounded(DType.F16, 1, 9, 0, 1);
    float[] got = new float[8];
    DType.F16.decode(rounded.data(), 0, 8, false, got, 0);
    assertArrayEquals(new float[] {11, 12, 13, 14, 15, 20, 21, 22}, got);
    assertThrows(IllegalArgumentException.class, () -> matrix(values, 12, 5));
  }

  @Test
  void shouldRoundPartsOfRows() {
    Matrix all = matrix(values(), 32, 0);
    Matrix whole = all.rounded(DType.Q4_0, 0, 32, 0, SIZE / 32);
    Matrix part = all.rounded(DType.Q4_0, 3, 5, 64, 128);
    for (int row = 0; row < 2; row++) {
      byte[] expected =
          whole
              .data()
              .asSlice((3 + row) * DType.Q4_0.byteSize(SIZE / 32) + 36, 36)
              .toArray(ValueLayout.JAVA_BYTE);
      byte[] got = part.data().asSlice(36 * row, 36).toArray(ValueLayout.JAVA_BYTE);
      assertArrayEquals(expected, got);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "65504, F16, true",
    "65536, F16, false",
    "65536, Q4_0, true",
    "524288, Q4_0, false",
    "524288, Q8_0, true",
    "-8400000, Q8_0, false",
    "1e30, BF16, true",
    "NaN, Q8_0, false",
    "Infinity, F32, false",
  })
  void shouldTellWhatFits(float value, String type, boolean fits) {
    float[] values = values();
    values[SIZE - 5] = value;
    Matrix matrix = matrix(values, 32, 0);
    DType dtype = DType.named(type);
    assertTrue(Finite.fit(matrix, 0, 31, dtype));
    assertEquals(fits, Finite.fit(matrix, 31, 32, dtype));
    if (fits) {
      Matrix rounded = matrix.rounded(dtype, 31, 32, 0, SIZE / 32);
      assertTrue(Finite.all(rounded, 0, 1));
    }
    assertFalse(Finite.fit(matrix(new float[] {Float.NaN, 0}, 1, 0), 0, 1, DType.F16));
  }
}
