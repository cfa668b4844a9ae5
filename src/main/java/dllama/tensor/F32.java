package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// Floats. A tile is 32 lines of 32 floats, line c = column c.
final class F32 extends Floats {
  static final long TILE_BYTES = Tiles.COLS * Tiles.F32_LINE;

  F32() {
    super("F32", Float.BYTES);
  }

  @Override
  void packTile(byte[] lines, int at, int stride, int part, byte[] tiles, int to) {
    for (int row = 0; row < Tiles.ROWS; row++) {
      for (int col = 0; col < Tiles.COLS; col++) {
        int value = Packer.getInt(lines, at + row * stride + col * Float.BYTES);
        Packer.putInt(tiles, to + col * (int) Tiles.F32_LINE + row * Float.BYTES, value);
      }
    }
  }

  @Override
  float element(MemorySegment data, long at, long line, int row) {
    return Tiles.getFloat(data, at + line * Tiles.F32_LINE + row * 4L);
  }

  @Override
  public void decode(
      MemorySegment from, long at, int size, boolean accumulate, float[] sum, int sumAt) {
    if (!accumulate) {
      MemorySegment.copy(from, Tiles.FLOAT, at, sum, sumAt, size);
      return;
    }
    for (int end = sumAt + size; sumAt < end; sumAt++, at += Float.BYTES) {
      sum[sumAt] += Tiles.getFloat(from, at);
    }
  }

  @Override
  public void encode(float[] x, int xAt, int size, MemorySegment to, long at) {
    MemorySegment.copy(x, xAt, to, Tiles.FLOAT, at, size);
  }

  @Override
  boolean isFinite(MemorySegment values) {
    int strange = 0; // the sign is set by an exponent of ones only
    for (long at = 0; at < values.byteSize(); at += Float.BYTES) {
      strange |= (Tiles.getInt(values, at) & 0x7f800000) + 0x00800000;
    }
    return strange >= 0;
  }

  @Override
  public void noise(LongSupplier bits, float deviation, ByteBuffer to) {
    to.putFloat(deviation * Noise.value(bits));
  }
}
