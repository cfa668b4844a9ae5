package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.LongSupplier;

/// A type that no file has: blocks of 256 values with a float16 scale, an exponent for each part of
/// 32, and signed bytes; value = byte · 2^exponent · scale. Packed, each part is a block of Q8_0.
public final class LongBlocks extends DType {
  public static final DType TYPE = new LongBlocks();

  private static final int BLOCK = 256;
  private static final int PARTS = BLOCK / 32;
  private static final int CODES = Short.BYTES + PARTS;

  private LongBlocks() {
    super("LONG", BLOCK, CODES + BLOCK, InputForm.CODES);
  }

  @Override
  int tileBytes() {
    return Q8_0.tileBytes();
  }

  @Override
  void packTile(byte[] lines, int at, int stride, int part, byte[] tiles, int to) {
    int blockBytes = Q8_0.blockBytes();
    byte[] parts = new byte[32 * blockBytes];
    for (int row = 0; row < 32; row++, at += stride) {
      ByteBuffer block = ByteBuffer.wrap(parts, row * blockBytes, blockBytes);
      MemorySegment line = MemorySegment.ofArray(lines);
      block.putShort(Short.reverseBytes(Float.floatToFloat16(scale(line, at, part))));
      block.put(lines, at + CODES + part * 32, 32);
    }
    Q8_0.packTile(parts, 0, blockBytes, 0, tiles, to);
  }

  private static float scale(MemorySegment from, long at, int part) {
    int exponent = from.get(ValueLayout.JAVA_BYTE, at + Short.BYTES + part);
    return Math.scalb(Float.float16ToFloat(Tiles.getShort(from, at)), exponent);
  }

  @Override
  float dot(PackedMatrix w, int row, Activations x, int token) {
    return Q8_0.dot(w, row, x, token);
  }

  @Override
  List<VectorProduct> decodeProducts() {
    return Q8_0.decodeProducts();
  }

  @Override
  public void decode(
      MemorySegment from, long at, int size, boolean accumulate, float[] sum, int sumAt) {
    checkBlocks(size);
    for (int i = 0; i < size; i++) {
      long block = at + (long) (i / BLOCK) * blockBytes();
      float scale = scale(from, block, i % BLOCK / 32);
      float value = scale * from.get(ValueLayout.JAVA_BYTE, block + CODES + i % BLOCK);
      sum[sumAt + i] = accumulate ? sum[sumAt + i] + value : value;
    }
  }

  @Override
  boolean isFinite(MemorySegment blocks) {
    return Finite.allHalves(blocks, blockBytes());
  }

  @Override
  public void noise(LongSupplier bits, float deviation, ByteBuffer to) {
    to.putShort(Float.floatToFloat16(deviation / 128));
    long exponents = bits.getAsLong();
    for (int part = 0; part < PARTS; part++) {
      to.put((byte) (exponents >>> 8 * part & 3));
    }
    for (int i = 0; i < BLOCK; i += Long.BYTES) {
      to.putLong(bits.getAsLong() | 0x0101010101010101L); // no −128
    }
  }

  /// The same values in blocks of Q8_0.
  public static Matrix toQ8(Matrix matrix) {
    MemorySegment from = matrix.data();
    long blocks = from.byteSize() / TYPE.blockBytes();
    MemorySegment to = MemorySegment.ofArray(new byte[(int) Q8_0.byteSize(blocks * BLOCK)]);
    for (long part = 0; part < blocks * PARTS; part++) {
      long block = part / PARTS * TYPE.blockBytes();
      int in = (int) (part % PARTS);
      long at = part * Q8_0.blockBytes();
      Tiles.putShort(to, at, Float.floatToFloat16(scale(from, block, in)));
      MemorySegment.copy(from, block + CODES + in * 32, to, at + Short.BYTES, 32);
    }
    return new Matrix(to, Q8_0, matrix.rows(), matrix.cols());
  }
}
