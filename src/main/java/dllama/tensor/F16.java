package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// Floats of 16 bits. A tile is 32 lines of 32 float16, line c = column c.
final class F16 extends Floats {
  static final long TILE_BYTES = (long) Tiles.COLS * Tiles.LINE;

  F16() {
    super("F16", Short.BYTES);
  }

  @Override
  void packTile(byte[] lines, int at, int stride, int part, byte[] tiles, int to) {
    Packer.packShorts(lines, at, stride, Tiles.COLS, tiles, to);
  }

  @Override
  float element(MemorySegment data, long at, long line, int row) {
    return Tiles.half(Tiles.getShort(data, at + line * Tiles.LINE + Tiles.lane(row) * 2L));
  }

  @Override
  public void decode(
      MemorySegment from, long at, int size, boolean accumulate, float[] sum, int sumAt) {
    for (int end = sumAt + size; sumAt < end; sumAt++, at += Short.BYTES) {
      float value = Float.float16ToFloat(Tiles.getShort(from, at));
      sum[sumAt] = accumulate ? sum[sumAt] + value : value;
    }
  }

  @Override
  public void encode(float[] x, int xAt, int size, MemorySegment to, long at) {
    for (int end = xAt + size; xAt < end; xAt++, at += Short.BYTES) {
      Tiles.putShort(to, at, Float.floatToFloat16(x[xAt]));
    }
  }

  @Override
  public float largest() {
    return 65504;
  }

  @Override
  boolean isFinite(MemorySegment values) {
    return Finite.allHalves(values, Short.BYTES);
  }

  @Override
  public void noise(LongSupplier bits, float deviation, ByteBuffer to) {
    to.putShort(Float.floatToFloat16(deviation * Noise.value(bits)));
  }
}
