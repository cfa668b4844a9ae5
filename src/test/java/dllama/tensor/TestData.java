package dllama.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;

/// Random matrices and vectors, off the heap like the real ones.
final class TestData {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private TestData() {}

  static float[] floats(Random random, int size) {
    float[] x = new float[size];
    for (int i = 0; i < size; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  /// A matrix as a file has it, from an odd address.
  static Matrix matrix(Random random, DType dtype, int rows, int cols, Arena arena) {
    long bytes = rows * dtype.byteSize(cols);
    MemorySegment data = arena.allocate(bytes + 1, 64).asSlice(1, bytes);
    byte[] noise = new byte[Math.toIntExact(bytes)];
    random.nextBytes(noise);
    MemorySegment.copy(noise, 0, data, ValueLayout.JAVA_BYTE, 0, noise.length);
    switch (dtype.name()) {
      case "F32" -> {
        for (long at = 0; at < bytes; at += 4) {
          data.set(FLOAT, at, (float) random.nextGaussian());
        }
      }
      case "F16" -> {
        for (long at = 0; at < bytes; at += 2) {
          data.set(SHORT, at, Float.floatToFloat16((float) random.nextGaussian()));
        }
      }
      case "BF16" -> {
        for (long at = 0; at < bytes; at += 2) {
          float value = (float) random.nextGaussian();
          data.set(SHORT, at, (short) (Float.floatToIntBits(value) >>> 16));
        }
      }
      case "MXFP4" -> {
        for (long at = 0; at < bytes; at += dtype.blockBytes()) {
          data.set(ValueLayout.JAVA_BYTE, at, (byte) (118 + random.nextInt(8)));
        }
      }
      default -> {
        for (long at = 0; at < bytes; at += dtype.blockBytes()) {
          for (int half : halves(dtype)) {
            data.set(SHORT, at + half, scale(random));
          }
        }
      }
    }
    return new Matrix(data, dtype, rows, cols);
  }

  /// Bytes of a block's float16.
  private static int[] halves(DType dtype) {
    return switch (dtype.name()) {
      case "Q4_1", "Q5_1", "Q4_K", "Q5_K" -> new int[] {0, 2};
      case "Q2_K" -> new int[] {80, 82};
      case "Q3_K" -> new int[] {108};
      case "Q6_K" -> new int[] {208};
      default -> new int[] {0};
    };
  }

  /// The first columns of such a matrix, which need not be whole blocks of it, packed.
  static PackedMatrix packed(Random random, DType dtype, int rows, int cols, Arena arena) {
    int whole = Math.ceilDiv(cols, dtype.blockSize()) * dtype.blockSize();
    Matrix source = matrix(random, dtype, rows, whole, arena);
    MemorySegment to = arena.allocate(PackedMatrix.byteSize(dtype, rows, cols), 64);
    Packer.pack(source, 0, rows, 0, cols, to, 0);
    return new PackedMatrix(to, dtype, rows, cols);
  }

  /// Of either sign, sometimes subnormal, sometimes zero.
  private static short scale(Random random) {
    float magnitude = random.nextInt(8) == 0 ? 1e-5f : random.nextInt(50) == 0 ? 0 : 0.01f;
    return Float.floatToFloat16(magnitude * (float) random.nextGaussian());
  }

  /// Element of a matrix: of some types straight from the file's format, of the others as decoded,
  /// which [GgufBlocksTest] looks after.
  static float element(Matrix m, long row, long col) {
    long at = row * m.dtype().byteSize(m.cols());
    long block = at + col / m.dtype().blockSize() * m.dtype().blockBytes();
    int i = (int) (col % m.dtype().blockSize());
    return switch (m.dtype().name()) {
      case "F32" -> m.data().get(FLOAT, block);
      case "F16" -> Float.float16ToFloat(m.data().get(SHORT, block));
      case "Q4_0" -> {
        int pair = m.data().get(ValueLayout.JAVA_BYTE, block + 2 + i % 16);
        int nibble = i < 16 ? pair & 15 : pair >> 4 & 15;
        yield (nibble - 8) * Float.float16ToFloat(m.data().get(SHORT, block));
      }
      case "Q8_0" ->
          m.data().get(ValueLayout.JAVA_BYTE, block + 2 + i)
              * Float.float16ToFloat(m.data().get(SHORT, block));
      default -> {
        float[] values = new float[m.dtype().blockSize()];
        m.dtype().decode(m.data(), block, values.length, false, values, 0);
        yield values[i];
      }
    };
  }

  /// A head that is `first` bytes from the beginning of its pages; filled with NaN, which must not
  /// be seen.
  static KvHead cache(DType dtype, int headDim, int pages, long first, Arena arena) {
    long pageBytes = first + KvHead.byteSize(dtype, headDim) + 64;
    MemorySegment pool = arena.allocate(pages * pageBytes, 64).fill((byte) -1);
    return new KvHead(pool, first, pageBytes, dtype, headDim);
  }
}
