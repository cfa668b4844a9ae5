package dllama.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// The specification against direct computation in double.
class ScalarKernelsTest {
  private final Random random = new Random(2);
  private final Kernels kernels = new ScalarKernels();

  @ParameterizedTest
  @MethodSource("dllama.tensor.DType#all")
  void shouldMultiply(DType dtype) {
    try (var arena = Arena.ofConfined()) {
      int rows = 70;
      int cols = Math.max(96, dtype.blockSize());
      int tokens = 3;
      Matrix source = TestData.matrix(random, dtype, rows, cols, arena);
      PackedMatrix w = Packer.pack(source, arena);
      var x = new Activations(dtype, tokens, cols);
      float[] input = TestData.floats(random, tokens * cols);
      for (int token = 0; token < tokens; token++) {
        kernels.load(input, token * cols, x, token);
      }
      float[] out = new float[5 + tokens * 80];
      Arrays.fill(out, 99);
      kernels.matmul(w, 0, 2, x, tokens, out, 5, 80);
      kernels.matmul(w, 2, 3, x, tokens, out, 5, 80);
      for (int token = 0; token < tokens; token++) {
        for (int row = 0; row < rows; row++) {
          double exact = 0;
          double size = 0;
          for (int col = 0; col < cols; col++) {
            double product =
                (double) TestData.element(source, row, col) * input[token * cols + col];
            exact += product;
            size += Math.abs(product);
          }
          double bound = size * (dtype.quantized() ? 0.02 : 1e-6);
          assertEquals(exact, out[5 + token * 80 + row], bound, "row=" + row);
        }
        assertEquals(99, out[5 + token * 80 + rows], "padding");
      }
    }
  }

  @Test
  void shouldRefuseWhatDoesNotFit() {
    try (var arena = Arena.ofConfined()) {
      PackedMatrix w = Packer.pack(TestData.matrix(random, DType.Q4_0, 64, 64, arena), arena);
      var x = new Activations(DType.Q4_0, 2, 64);
      var narrow = new Activations(DType.Q4_0, 2, 32);
      var floats = new Activations(DType.F32, 2, 64);
      float[] out = new float[128];
      assertThrows(RuntimeException.class, () -> kernels.matmul(w, 0, 3, x, 1, out, 0, 64));
      assertThrows(RuntimeException.class, () -> kernels.matmul(w, 0, 2, x, 3, out, 0, 64));
      assertThrows(RuntimeException.class, () -> kernels.matmul(w, 0, 2, narrow, 1, out, 0, 64));
      assertThrows(RuntimeException.class, () -> kernels.matmul(w, 0, 2, floats, 1, out, 0, 64));
    }
  }

  @Test
  void shouldRoundHalfAwayFromZero() {
    float[] x = new float[32];
    x[0] = 127;
    x[1] = 0.5f;
    x[2] = -2.5f;
    x[3] = 0.49999997f;
    x[4] = -3.4999f;
    float[] decoded = roundTrip(x);
    assertArrayEquals(
        new float[] {127, 1, -3, 0, -3, 0}, Arrays.copyOf(decoded, 6), "scale of 1 exactly");
    float[] tiny = new float[32];
    tiny[7] = 1e-40f;
    assertArrayEquals(new float[32], roundTrip(tiny));
    assertArrayEquals(new float[32], roundTrip(new float[32]));
  }

  private float[] roundTrip(float[] x) {
    MemorySegment block = MemorySegment.ofArray(new byte[34]);
    kernels.encode(x, 0, 32, DType.Q8_0, block, 0);
    float[] decoded = new float[32];
    kernels.decode(block, 0, DType.Q8_0, 32, false, decoded, 0);
    return decoded;
  }

  @Test
  void shouldEncodeAndAccumulate() {
    float[] x = TestData.floats(random, 96);
    MemorySegment to = MemorySegment.ofArray(new byte[400]);
    kernels.encode(x, 0, 96, DType.F32, to, 3);
    float[] sum = x.clone();
    kernels.decode(to, 3, DType.F32, 96, true, sum, 0);
    for (int i = 0; i < 96; i++) {
      assertEquals(2 * x[i], sum[i]);
    }
    assertThrows(IllegalArgumentException.class, () -> kernels.encode(x, 0, 33, DType.Q8_0, to, 0));
    assertThrows(IllegalArgumentException.class, () -> kernels.encode(x, 0, 32, DType.Q4_0, to, 0));
  }

  @Test
  void shouldShowNotHideWhatIsNotFinite() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] x = TestData.floats(random, 64);
      x[40] = bad;
      try (var arena = Arena.ofConfined()) {
        for (DType dtype : DType.all()) {
          PackedMatrix w = TestData.packed(random, dtype, 1, 64, arena);
          var loaded = new Activations(dtype, 1, 64);
          kernels.load(x, 0, loaded, 0);
          float[] out = new float[1];
          kernels.matmul(w, 0, 1, loaded, 1, out, 0, 1);
          assertTrue(!Float.isFinite(out[0]), dtype + " " + bad);
        }
      }
    }
  }

  @Test
  void shouldNormalise() {
    float[] x = TestData.floats(random, 100);
    float[] weight = TestData.floats(random, 100);
    double squares = 0;
    for (float value : x) {
      squares += (double) value * value;
    }
    float[] out = new float[100];
    kernels.rmsNorm(x, 0, weight, 100, 1e-5f, out, 0);
    for (int i = 0; i < 100; i++) {
      assertEquals(x[i] / Math.sqrt(squares / 100 + 1e-5) * weight[i], out[i], 1e-5);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "F32, 0, false",
    "F16, 0, false",
    "F32, 100, false",
    "F16, 260, true",
    "F32, 7, true"
  })
  void shouldAttendToTheGivenPositionsOnly(DType dtype, int from, boolean sink) {
    try (var arena = Arena.ofConfined()) {
      int headDim = 24;
      int length = KvHead.PAGE + 41;
      int[] pages = {2, 0};
      KvHead cache = TestData.cache(dtype, headDim, 3, 64, arena);
      float[][] keys = new float[length][];
      float[][] values = new float[length][];
      for (int position = 0; position < length; position++) {
        keys[position] = TestData.floats(random, headDim);
        values[position] = TestData.floats(random, headDim);
        int page = pages[position / KvHead.PAGE];
        kernels.append(cache, page, position % KvHead.PAGE, keys[position], 0, values[position], 0);
      }
      float[] query = TestData.floats(random, headDim);
      float[] out = new float[headDim];
      float[] sinks = sink ? new float[] {0.5f} : new float[0];
      kernels.attend(query, 0, 1, cache, pages, from, length, sinks, 0, new float[512], out, 0);
      double[] expected = attend(query, keys, values, from, sink ? Math.exp(0.5) : 0);
      for (int d = 0; d < headDim; d++) {
        assertEquals(expected[d], out[d], dtype == DType.F32 ? 1e-5 : 2e-3);
      }
    }
  }

  private static double[] attend(
      float[] query, float[][] keys, float[][] values, int from, double sink) {
    double total = sink;
    double[] out = new double[query.length];
    for (int position = from; position < keys.length; position++) {
      double score = 0;
      for (int d = 0; d < query.length; d++) {
        score += query[d] * keys[position][d];
      }
      double weight = Math.exp(score / Math.sqrt(query.length));
      total += weight;
      for (int d = 0; d < query.length; d++) {
        out[d] += weight * values[position][d];
      }
    }
    for (int d = 0; d < query.length; d++) {
      out[d] /= total;
    }
    return out;
  }
}
