package dllama.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;

/// Compares vector with scalar kernels bit by bit; also a program, for the flags of another width.
final class KernelEquality {
  private final Random random;
  private final Kernels scalar = Kernels.choose(false);
  private final Kernels vector = Kernels.choose(true);

  KernelEquality(Random random) {
    this.random = random;
  }

  public static void main(String[] args) {
    var equality = new KernelEquality(new Random(Long.parseLong(args[0])));
    for (DType dtype : DType.all()) {
      for (int tokens : new int[] {1, 2, 3, 9}) {
        for (int round = 0; round < 3; round++) {
          equality.matmul(dtype, 70, 288, tokens);
        }
      }
      equality.matmul(dtype, 70, 288, 20);
    }
    for (int headDim : new int[] {8, 24, 64, 72, 128}) {
      equality.attend(DType.F32, headDim, 77);
      equality.attend(DType.F16, headDim, 77);
    }
    equality.rows(100);
    for (int headDim : new int[] {16, 24, 64, 128}) {
      equality.delta(headDim, Math.min(headDim, 32), 5);
      equality.delta(headDim, 7, 1);
    }
    equality.blocks(96);
    equality.exponentials();
    System.out.println(vector(equality) + " at " + Vectors.SHORTS + " equals the specification");
  }

  private static String vector(KernelEquality equality) {
    return equality.vector.getClass().getSimpleName();
  }

  void matmul(DType dtype, int rows, int cols, int tokens) {
    String what = "%s[%d, %d] tokens=%d".formatted(dtype, rows, cols, tokens);
    try (var arena = Arena.ofConfined()) {
      PackedMatrix w = TestData.packed(random, dtype, rows, cols, arena);
      float[] input = TestData.floats(random, tokens * cols);
      int stride = rows + 3;
      float[] expected = new float[7 + tokens * stride];
      float[] actual = new float[7 + tokens * stride];
      multiply(scalar, w, input, tokens, expected, stride);
      multiply(vector, w, input, tokens, actual, stride);
      assertBits(expected, actual, what);
      var alone = new Activations(dtype, 1, cols);
      float[] one = new float[rows];
      vector.load(input, (tokens - 1) * cols, alone, 0);
      vector.matmul(w, 0, w.groups(), alone, 1, one, 0, rows);
      for (int row = 0; row < rows; row++) {
        assertEquals(one[row], actual[7 + (tokens - 1) * stride + row], 0, what);
      }
    }
  }

  private static void multiply(
      Kernels kernels, PackedMatrix w, float[] input, int tokens, float[] out, int stride) {
    var x = new Activations(w.dtype(), tokens + 1, w.cols());
    for (int token = 0; token < tokens; token++) {
      kernels.load(input, token * w.cols(), x, token);
    }
    int middle = w.groups() / 2;
    kernels.matmul(w, 0, middle, x, tokens, out, 7, stride);
    kernels.matmul(w, middle, w.groups(), x, tokens, out, 7, stride);
  }

  void attend(DType dtype, int headDim, int length) {
    try (var arena = Arena.ofConfined()) {
      int heads = 1 + random.nextInt(6);
      float[] query = TestData.floats(random, heads * headDim);
      float[] expected = new float[heads * headDim];
      float[] actual = new float[heads * headDim + 1];
      int[] inOrder = {0, 1, 2, 3};
      int[] scattered = {6, 2, 5, 0};
      KvHead small = TestData.cache(dtype, headDim, KvHead.pages(length), 0, arena);
      KvHead large = TestData.cache(dtype, headDim, 7, 128, arena);
      for (int position = 0; position < length; position++) {
        float[] kv = TestData.floats(random, 2 * headDim);
        int page = position / KvHead.PAGE;
        int slot = position % KvHead.PAGE;
        scalar.append(small, inOrder[page], slot, kv, 0, kv, headDim);
        vector.append(large, scattered[page], slot, kv, 0, kv, headDim);
      }
      int from = random.nextBoolean() ? 0 : random.nextInt(length);
      float[] sinks = TestData.floats(random, random.nextBoolean() ? 0 : heads + 1);
      float[] scores = new float[4096];
      scalar.attend(query, 0, heads, small, inOrder, from, length, sinks, 1, scores, expected, 0);
      vector.attend(query, 0, heads, large, scattered, from, length, sinks, 1, scores, actual, 1);
      String what =
          "%s heads=%d headDim=%d from=%d length=%d sinks=%d"
              .formatted(dtype, heads, headDim, from, length, sinks.length);
      for (int d = 0; d < expected.length; d++) {
        assertEquals(expected[d], actual[d + 1], 0, what);
      }
    }
  }

  void rows(int size) {
    float[] x = TestData.floats(random, size + 3);
    float[] y = TestData.floats(random, size + 5);
    for (int i = 0; i < size; i += 3) {
      x[i] *= 30;
    }
    String what = "size=" + size;
    float[] expected = x.clone();
    float[] actual = x.clone();
    scalar.rmsNorm(expected, 3, y, size, 1e-5f, expected, 3);
    vector.rmsNorm(actual, 3, y, size, 1e-5f, actual, 3);
    assertBits(expected, actual, "rmsNorm " + what);
    scalar.swiglu(expected, 3, y, 5, size);
    vector.swiglu(actual, 3, y, 5, size);
    assertBits(expected, actual, "swiglu " + what);
    expected = x.clone();
    actual = x.clone();
    scalar.geglu(expected, 3, y, 5, size);
    vector.geglu(actual, 3, y, 5, size);
    assertBits(expected, actual, "geglu " + what);
    scalar.clampedSwiglu(expected, 3, y, 5, size);
    vector.clampedSwiglu(actual, 3, y, 5, size);
    assertBits(expected, actual, "clampedSwiglu " + what);
    scalar.softcap(expected, 3, size, 5);
    vector.softcap(actual, 3, size, 5);
    assertBits(expected, actual, "softcap " + what);
    scalar.add(expected, 3, y, 5, size);
    vector.add(actual, 3, y, 5, size);
    assertBits(expected, actual, "add " + what);
    scalar.sigmoidGate(expected, 3, y, 5, size);
    vector.sigmoidGate(actual, 3, y, 5, size);
    assertBits(expected, actual, "sigmoidGate " + what);
  }

  /// Convolution and delta rule of some columns of one head, of which a call more goes on with the
  /// same tokens as two calls.
  void delta(int headDim, int cols, int tokens) {
    int stride = 3 * headDim + 2;
    int kernel = 4;
    float[] x = TestData.floats(random, tokens * stride + 1);
    float[] filter = TestData.floats(random, kernel * stride);
    float[] decay = gates(tokens);
    float[] beta = gates(tokens);
    float[] past = TestData.floats(random, (kernel - 1) * stride);
    float[] state = TestData.floats(random, headDim * cols);
    float[][] expected =
        delta(scalar, headDim, cols, tokens, x, filter, decay, beta, past, state, tokens);
    String what = "delta headDim=%d cols=%d tokens=%d".formatted(headDim, cols, tokens);
    for (int first = 1; first <= tokens; first++) {
      float[][] actual =
          delta(vector, headDim, cols, tokens, x, filter, decay, beta, past, state, first);
      for (int i = 0; i < expected.length; i++) {
        assertBits(expected[i], actual[i], what + " first=" + first + " of " + i);
      }
    }
  }

  private float[] gates(int tokens) {
    float[] gates = new float[tokens + 1];
    for (int i = 0; i < gates.length; i++) {
      gates[i] = random.nextFloat();
    }
    return gates;
  }

  /// @param first tokens of the first of two calls
  private static float[][] delta(
      Kernels kernels,
      int headDim,
      int cols,
      int tokens,
      float[] x,
      float[] filter,
      float[] decay,
      float[] beta,
      float[] past,
      float[] start,
      int first) {
    int stride = 3 * headDim + 2;
    int size = 3 * headDim;
    float[] before = past.clone();
    float[] state = start.clone();
    float[] convolved = new float[x.length];
    float[] out = new float[x.length];
    for (int from = 0; from < tokens; from += first) {
      int at = 1 + from * stride;
      int count = Math.min(first, tokens - from);
      kernels.convolve(x, at, stride, count, filter, 1, stride, 4, before, size, convolved);
      for (int token = 0; token < count; token++) {
        kernels.l2Norm(convolved, at + token * stride, headDim, 1e-6f);
        kernels.l2Norm(convolved, at + token * stride + headDim, headDim, 1e-6f);
      }
      kernels.deltaRule(
          state,
          headDim,
          cols,
          count,
          convolved,
          at,
          at + headDim,
          at + 2 * headDim,
          stride,
          decay,
          beta,
          1 + from,
          out);
    }
    return new float[][] {convolved, out, state, before};
  }

  void blocks(int size) {
    float[] x = TestData.floats(random, size + 3);
    x[10] = 1e-41f;
    java.util.Arrays.fill(x, size - 29, size + 3, 0f);
    x[size + 2] = 1e-40f;
    MemorySegment a = MemorySegment.ofArray(new byte[5 + 4 * size]);
    MemorySegment b = MemorySegment.ofArray(new byte[5 + 4 * size]);
    for (DType dtype : new DType[] {DType.F32, DType.Q8_0}) {
      for (boolean accumulate : new boolean[] {false, true}) {
        scalar.encode(x, 3, size, dtype, a, 5);
        vector.encode(x, 3, size, dtype, b, 5);
        assertEquals(-1, a.mismatch(b), dtype + " size=" + size);
        float[] expected = x.clone();
        float[] actual = x.clone();
        scalar.decode(a, 5, dtype, size, accumulate, expected, 1);
        vector.decode(a, 5, dtype, size, accumulate, actual, 1);
        assertBits(expected, actual, dtype + " size=" + size);
      }
    }
    for (float odd : new float[] {0, 0.5f, Float.NaN, Float.NEGATIVE_INFINITY}) {
      x[5] = odd;
      var expected = new Activations(DType.all(), 9, size);
      var actual = new Activations(DType.all(), 9, size);
      scalar.load(x, 3, expected, 2);
      vector.load(x, 3, actual, 2);
      assertBits(expected.values(), actual.values(), "values size=" + size);
      for (InputForm form :
          List.of(InputForm.CODES, InputForm.CARRIED_CODES, InputForm.PAIRED_CODES)) {
        assertArrayEquals(expected.codes(form), actual.codes(form));
      }
      assertArrayEquals(expected.tripleCodes(), actual.tripleCodes());
      assertBits(expected.floatCodes(), actual.floatCodes(), "floatCodes size=" + size);
      assertArrayEquals(expected.offsets(), actual.offsets());
      assertArrayEquals(expected.runOffsets(), actual.runOffsets());
      assertBits(expected.sums(), actual.sums(), "sums size=" + size);
      assertBits(expected.shiftFactors(), actual.shiftFactors(), "shiftFactors size=" + size);
      assertBits(expected.scales(), actual.scales(), "scales size=" + size);
    }
  }

  void exponentials() {
    float[] special = {Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, 0, -0f};
    float[] gate = new float[4096];
    float[] one = new float[4096];
    java.util.Arrays.fill(one, 1);
    for (int i = 0; i < gate.length; i++) {
      gate[i] = i < special.length ? special[i] : (random.nextFloat() - 0.5f) * 240;
    }
    float[] actual = gate.clone();
    scalar.swiglu(gate, 0, one, 0, 4096);
    vector.swiglu(actual, 0, one, 0, 4096);
    assertBits(gate, actual, "silu");
  }

  void threads(int threads) {
    try (var arena = Arena.ofShared();
        var pool = new WorkerPool(threads)) {
      PackedMatrix w = Packer.pack(TestData.matrix(random, DType.Q4_0, 500, 256, arena), arena);
      float[] input = TestData.floats(random, 11 * 256);
      float[] expected = new float[11 * 500 + 7];
      multiply(scalar, w, input, 11, expected, 500);
      float[] actual = new float[11 * 500 + 7];
      var x = new Activations(DType.Q4_0, 11, 256);
      pool.run(
          (thread, of) -> {
            for (int t = WorkerPool.from(11, thread, of);
                t < WorkerPool.from(11, thread + 1, of);
                t++) {
              vector.load(input, t * 256, x, t);
            }
          });
      pool.run(
          (thread, of) -> {
            int from = WorkerPool.from(w.groups(), thread, of);
            int to = WorkerPool.from(w.groups(), thread + 1, of);
            vector.matmul(w, from, to, x, 11, actual, 7, 500);
          });
      assertBits(expected, actual, "threads=" + threads);
    }
  }

  private static void assertBits(float[] expected, float[] actual, String what) {
    assertEquals(expected.length, actual.length, what);
    for (int i = 0; i < expected.length; i++) {
      int e = Float.floatToIntBits(expected[i]);
      int a = Float.floatToIntBits(actual[i]);
      if (e != a) {
        assertEquals(expected[i] + " " + e, actual[i] + " " + a, what + " at " + i);
      }
    }
  }
}
