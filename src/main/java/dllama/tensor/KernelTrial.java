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

  /// Columns and positions of short loops.
  int FEW_COLS = 256;

  int FEW_POSITIONS = 32;

  void run(Kernels kernels);

  /// Work of a part.
  ///
  /// @param type of weights, or of keys and values
  static KernelTrial of(KernelPart part, DType type) {
    return of(part, type, PROMPT, COLS, POSITIONS);
  }

  /// The same with loops as short as they can be: what the compiler counts is calls, then, and it
  /// makes no code that is entered in the middle of a loop.
  static KernelTrial small(KernelPart part, DType type) {
    int prompt = PROMPT + Activations.BUNDLE / 2;
    return of(part, type, prompt, Math.max(FEW_COLS, type.blockSize()), FEW_POSITIONS);
  }

  private static KernelTrial of(KernelPart part, DType type, int prompt, int cols, int positions) {
    return switch (part) {
      case DECODE -> product(type, 1, cols);
      case PREFILL -> product(type, prompt, cols);
      case ATTENTION -> attention(type, positions);
      case ROWS -> rows(type, cols);
    };
  }

  private static KernelTrial product(DType type, int tokens, int cols) {
    MemorySegment data = noise(PackedMatrix.byteSize(type, ROWS, cols));
    PackedMatrix w = new PackedMatrix(data, type, ROWS, cols);
    Activations x = new Activations(type, tokens, cols);
    float[] input = floats(cols);
    for (int token = 0; token < tokens; token++) {
      new ScalarKernels().load(input, 0, x, token);
    }
    float[] out = new float[tokens * ROWS];
    return kernels -> kernels.matmul(w, 0, w.groups(), x, tokens, out, 0, ROWS);
  }

  private static KernelTrial attention(DType type, int positions) {
    long bytes = KvHead.byteSize(type, HEAD);
    int[] pages = IntStream.range(0, KvHead.pages(positions)).toArray();
    KvHead cache = new KvHead(noise(pages.length * bytes), 0, bytes, type, HEAD);
    int heads = Kernels.HEADS_TOGETHER + 1;
    float[] query = floats(heads * HEAD);
    float[] scores = new float[Kernels.HEADS_TOGETHER * positions];
    float[] out = new float[heads * HEAD];
    return kernels ->
        kernels.attend(query, 0, heads, cache, pages, 0, positions - 1, out, 0, scores, out, 0);
  }

  private static KernelTrial rows(DType type, int cols) {
    float[] x = floats(cols);
    float[] y = floats(cols);
    float[] z = new float[cols];
    Activations loaded = new Activations(type, 1, cols);
    MemorySegment blocks = MemorySegment.ofArray(new byte[(int) DType.Q8_0.byteSize(cols)]);
    return kernels -> {
      kernels.rmsNorm(x, 0, y, cols, 1e-5f, z, 0);
      kernels.swiglu(z, 0, y, 0, cols);
      kernels.add(z, 0, y, 0, cols);
      kernels.load(z, 0, loaded, 0);
      kernels.encode(z, 0, cols, DType.Q8_0, blocks, 0);
      kernels.decode(blocks, 0, DType.Q8_0, cols, false, z, 0);
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
