package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// The upper halves of floats. A tile is 32 lines of 32 of them, line c = column c.
final class BF16 extends Floats {
  static final long TILE_BYTES = (long) Tiles.COLS * Tiles.LINE;

  BF16() {
    super("BF16", Short.BYTES);
  }

  @Override
  void packTile(byte[] lines, int at, int stride, int part, byte[] tiles, int to) {
    Packer.packShorts(lines, at, stride, Tiles.COLS, tiles, to);
  }

  private static float value(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /// The nearest, of two as near the even one.
  private static short round(float value) {
    int bits = Float.floatToIntBits(value);
    return Float.isNaN(value)
        ? (short) 0x7fc0
        : (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
  }

  @Override
  float element(MemorySegment data, long at, long line, int row) {
    return value(Tiles.getShort(data, at + line * Tiles.LINE + Tiles.lane(row) * 2L));
  }

  @Override
  public void decode(
      MemorySegment from, long at, int size, boolean accumulate, float[] sum, int sumAt) {
    for (int end = sumAt + size; sumAt < end; sumAt++, at += Short.BYTES) {
      float value = value(Tiles.getShort(from, at));
      sum[sumAt] = accumulate ? sum[sumAt] + value : value;
    }
  }

  @Override
  public void encode(float[] x, int xAt, int size, MemorySegment to, long at) {
    for (int end = xAt + size; xAt < end; xAt++, at += Short.BYTES) {
      Tiles.putShort(to, at, round(x[xAt]));
    }
  }

  @Override
  boolean isFinite(MemorySegment values) {
    int strange = 0;
    for (long at = 0; at < values.byteSize(); at += Short.BYTES) {
      strange |= (Tiles.getShort(values, at) & 0x7f80) + 0x0080;
    }
    return (strange & 0x8000) == 0;
  }

  @Override
  public void noise(LongSupplier bits, float deviation, ByteBuffer to) {
    to.putShort(round(deviation * Noise.value(bits)));
  }
}
