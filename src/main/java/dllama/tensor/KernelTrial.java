package dllama.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.stream.IntStream;

/// A little of the work of one part of the kernels, to be done by one form after another. Its data
/// fit the second level cache, so it is the code that takes the time and not the memory.
interface KernelTrial {
  int ROWS = 128;
  int COLS = 1024;

  /// Tokens of a prompt: several bundles.
  int PROMPT = 4 * Activations.BUNDLE;

  /// A head of attention that has positions which fill no tile.
  int HEAD = 64;

  int POSITIONS = 128;

  void run(Kernels kernels);

  /// Work of a part.
  ///
  /// @param type of weights, or of keys and values
  static KernelTrial of(KernelPart part, DType type) {
    return switch (part) {
      case DECODE -> product(type, 1);
      case PREFILL -> product(type, PROMPT);
      case ATTENTION -> attention(type);
      case ROWS -> rows(type);
    };
  }

  private static KernelTrial product(DType type, int tokens) {
    MemorySegment data = noise(PackedMatrix.byteSize(type, ROWS, COLS));
    PackedMatrix w = new PackedMatrix(data, type, ROWS, COLS);
    Activations x = new Activations(type, tokens, COLS);
    float[] input = floats(COLS);
    for (int token = 0; token < tokens; token++) {
      new ScalarKernels().load(input, 0, x, token);
    }
    float[] out = new float[tokens * ROWS];
    return kernels -> kernels.matmul(w, 0, w.groups(), x, tokens, out, 0, ROWS);
  }

  private static KernelTrial attention(DType type) {
    long bytes = KvHead.byteSize(type, HEAD);
    int[] pages = IntStream.range(0, KvHead.pages(POSITIONS)).toArray();
    KvHead cache = new KvHead(noise(pages.length * bytes), 0, bytes, type, HEAD);
    int heads = Kernels.HEADS_TOGETHER + 1;
    float[] query = floats(heads * HEAD);
    float[] scores = new float[Kernels.HEADS_TOGETHER * POSITIONS];
    float[] out = new float[heads * HEAD];
    return kernels ->
        kernels.attend(query, 0, heads, cache, pages, 0, POSITIONS - 1, out, 0, scores, out, 0);
  }

  private static KernelTrial rows(DType type) {
    float[] x = floats(COLS);
    float[] y = floats(COLS);
    float[] z = new float[COLS];
    Activations loaded = new Activations(type, 1, COLS);
    MemorySegment blocks = MemorySegment.ofArray(new byte[(int) DType.Q8_0.byteSize(COLS)]);
    return kernels -> {
      kernels.rmsNorm(x, 0, y, COLS, 1e-5f, z, 0);
      kernels.swiglu(z, 0, y, 0, COLS);
      kernels.add(z, 0, y, 0, COLS);
      kernels.load(z, 0, loaded, 0);
      kernels.encode(z, 0, COLS, DType.Q8_0, blocks, 0);
      kernels.decode(blocks, 0, DType.Q8_0, COLS, false, z, 0);
    };
  }

  private static float[] floats(int size) {
    Random random = new Random(1);
    float[] x = new float[size];
    for (int i = 0; i < size; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  /// Noise whose float16 scales and floats are small, but not subnormal, which would be slow.
  private static MemorySegment noise(long bytes) {
    byte[] noise = new byte[Math.toIntExact(bytes)];
    new Random(1).nextBytes(noise);
    for (int i = 1; i < noise.length; i += 2) {
      noise[i] = (byte) ((noise[i] & 0x83) | 0x20);
    }
    MemorySegment data = Arena.ofAuto().allocate(bytes, 64);
    MemorySegment.copy(noise, 0, data, ValueLayout.JAVA_BYTE, 0, noise.length);
    return data;
  }
}
