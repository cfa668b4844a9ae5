package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.LongSupplier;

/// Blocks of 32 values: float16 scale, then 32 signed bytes; value = byte · scale. Also the form in
/// which rounded partials travel.
///
/// A tile is 16 lines of 32 shorts, line k = columns 2k (low byte) and 2k + 1; then 32 scales.
final class Q8_0 extends DType {
  private static final int BLOCK = 32;

  /// Bytes of a block's scale, which comes before its values.
  private static final int SCALE = Short.BYTES;

  /// Byte of a tile's scales.
  static final int SCALES = 16 * Tiles.LINE;

  static final long TILE_BYTES = SCALES + Tiles.LINE;

  /// Standard deviation of evenly distributed signed bytes.
  private static final float DEVIATION = 256 / (float) Math.sqrt(12);

  /// Variance of such bytes without −128.
  private static final double QUICK_VARIANCE = 5418.7;

  Q8_0() {
    super("Q8_0", BLOCK, SCALE + BLOCK, InputForm.CODES);
  }

  @Override
  void packTile(byte[] lines, int at, int stride, int part, byte[] tiles, int to) {
    Packer.packShorts(lines, at + SCALE, stride, BLOCK / 2, tiles, to);
    Packer.packShorts(lines, at, stride, 1, tiles, to + SCALES);
  }

  @Override
  float dot(PackedMatrix w, int row, Activations x, int token) {
    long lane = w.groupBytes() * (row / Tiles.ROWS) + 2L * Tiles.lane(row % Tiles.ROWS);
    int[] codes = x.codes(InputForm.CODES);
    int codeAt = x.codeAt(token);
    int scaleAt = x.scaleAt(token);
    float acc = 0;
    for (int block = 0; block < x.blocks(); block++) {
      int sum = 0;
      for (int k = 0; k < 16; k++) {
        short pair = Tiles.getShort(w.data(), lane + (long) k * Tiles.LINE);
        sum += (byte) pair * (short) codes[codeAt + 2 * k];
        sum += (pair >> 8) * (short) codes[codeAt + 2 * k + 1];
      }
      float scale = Tiles.half(Tiles.getShort(w.data(), lane + SCALES));
      acc = Math.fma((float) sum, scale * x.scales()[scaleAt], acc);
      lane += TILE_BYTES;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
    return acc;
  }

  @Override
  List<VectorProduct> decodeProducts() {
    return List.of(new Q8_0Product());
  }

  @Override
  public void decode(
      MemorySegment from, long at, int size, boolean accumulate, float[] sum, int sumAt) {
    checkBlocks(size);
    for (int end = sumAt + size; sumAt < end; at += blockBytes()) {
      float scale = Float.float16ToFloat(Tiles.getShort(from, at));
      for (int i = 0; i < BLOCK; i++, sumAt++) {
        float value = scale * from.get(ValueLayout.JAVA_BYTE, at + SCALE + i);
        sum[sumAt] = accumulate ? sum[sumAt] + value : value;
      }
    }
  }

  @Override
  public void encode(float[] x, int xAt, int size, MemorySegment to, long at) {
    checkBlocks(size);
    for (int end = xAt + size; xAt < end; xAt += BLOCK, at += blockBytes()) {
      float max = Q8Rounding.max(x, xAt);
      float inverse = Q8Rounding.inverse(max);
      Tiles.putShort(to, at, Q8Rounding.scale(max));
      for (int i = 0; i < BLOCK; i++) {
        byte code = (byte) Q8Rounding.round(x[xAt + i] * inverse);
        to.set(ValueLayout.JAVA_BYTE, at + SCALE + i, code);
      }
    }
  }

  /// Of two nearest codes the even one.
  @Override
  public void round(float[] x, int xAt, int size, MemorySegment to, long at) {
    checkBlocks(size);
    for (int end = xAt + size; xAt < end; xAt += BLOCK, at += blockBytes()) {
      float max = Q8Rounding.max(x, xAt);
      float inverse = Q8Rounding.inverseOf(max / 127);
      Tiles.putShort(to, at, Q8Rounding.scale(max));
      for (int i = 0; i < BLOCK; i++) {
        byte code = (byte) Math.rint(x[xAt + i] * inverse);
        to.set(ValueLayout.JAVA_BYTE, at + SCALE + i, code);
      }
    }
  }

  @Override
  public float largest() {
    return 127 * F16.largest();
  }

  @Override
  boolean isFinite(MemorySegment blocks) {
    return Finite.allHalves(blocks, blockBytes());
  }

  @Override
  public void noise(LongSupplier bits, float deviation, ByteBuffer to) {
    to.putShort(Noise.scale(bits, deviation / DEVIATION));
    for (int i = 0; i < BLOCK; i += Long.BYTES) {
      to.putLong(bits.getAsLong());
    }
  }

  @Override
  public void quickNoise(LongSupplier bits, double deviation, ByteBuffer to) {
    to.putShort(Float.floatToFloat16((float) (deviation / Math.sqrt(QUICK_VARIANCE))));
    for (int i = 0; i < BLOCK; i += Long.BYTES) {
      to.putLong(legal(bits.getAsLong()));
    }
  }

  /// Rounding gives no −128: such bytes become −127.
  private static long legal(long bits) {
    for (int shift = 0; shift < 64; shift += 8) {
      if ((byte) (bits >>> shift) == Byte.MIN_VALUE) {
        bits |= 1L << shift;
      }
    }
    return bits;
  }
}
