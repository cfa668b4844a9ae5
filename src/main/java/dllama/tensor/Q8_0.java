package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// Blocks of 32 values: float16 scale, then 32 signed bytes; value = byte · scale. Also the form in
/// which rounded partials travel.
final class Q8_0 extends Codes {
  private static final int BLOCK = 32;

  /// Bytes of a block's scale, which comes before its values.
  private static final int SCALE = Short.BYTES;

  /// Standard deviation of evenly distributed signed bytes.
  private static final float DEVIATION = 256 / (float) Math.sqrt(12);

  /// Variance of such bytes without −128.
  private static final double QUICK_VARIANCE = 5418.7;

  Q8_0() {
    super("Q8_0", BLOCK, SCALE + BLOCK, InputForm.CODES, TilePlanes.EIGHT, TileScales.HALF, 0, 0);
  }

  /// As the other types' tiles, in less time.
  @Override
  void packTile(byte[] lines, int at, int stride, int part, byte[] tiles, int to) {
    Packer.packShorts(lines, at + SCALE, stride, BLOCK / 2, tiles, to);
    Packer.packShorts(lines, at, stride, 1, tiles, to + planes().bytes());
  }

  @Override
  void codes(byte[] blocks, int at, int part, byte[] codes, int to) {
    System.arraycopy(blocks, at + SCALE, codes, to, BLOCK);
  }

  @Override
  short scaleLine(byte[] blocks, int at, int part, int k) {
    return Packer.getShort(blocks, at);
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
