package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// Blocks of 256 values: 32 bytes of high bits, bit p for part p, 64 bytes of low bits, 16 scales
/// of six bits in 12 bytes, a float16; value = (bits − 4) · (six bits − 32) · float16.
final class Q3_K extends Codes {
  Q3_K() {
    super("Q3_K", 256, 110, InputForm.CODES, TilePlanes.THREE, TileScales.PRODUCTS, 4, 4);
  }

  @Override
  void codes(byte[] blocks, int at, int part, byte[] codes, int to) {
    int low = at + 32 + part / 4 * 32;
    int shift = part % 4 * 2;
    for (int i = 0; i < 32; i++) {
      int high = blocks[at + i] >> part & 1;
      codes[to + i] = (byte) ((blocks[low + i] >> shift & 3) | high << 2);
    }
  }

  @Override
  short scaleLine(byte[] blocks, int at, int part, int k) {
    return k == 0
        ? Packer.getShort(blocks, at + 108)
        : (short)
            ((scale(blocks, at + 96, 2 * part) & 0xff) | scale(blocks, at + 96, 2 * part + 1) << 8);
  }

  private static int scale(byte[] scales, int at, int i) {
    int low = scales[at + i % 8] >> (i / 8 * 4) & 15;
    int high = scales[at + 8 + i % 4] >> (i / 4 * 2) & 3;
    return (low | high << 4) - 32;
  }

  @Override
  boolean isFinite(MemorySegment blocks) {
    return Finite.allHalves(blocks, 108, blockBytes());
  }

  /// Scales are −32 … −17 and 16 … 31.
  @Override
  public void noise(LongSupplier bits, float deviation, ByteBuffer to) {
    for (int i = 0; i < 13; i++) {
      to.putLong(bits.getAsLong());
    }
    to.putInt(0xcccccccc);
    double scales = Math.hypot(Noise.around(-32, -17), Noise.around(16, 31)) / Math.sqrt(2);
    to.putShort(Noise.half(deviation / (Noise.around(-4, 3) * scales)));
  }
}
