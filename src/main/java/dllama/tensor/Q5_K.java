package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// Blocks of 256 values: two float16, eight pairs of [SixBits], 32 bytes of high bits, bit p for
/// part p, then nibbles as in [Q4_K]; value = bits · scale + shift with [TileScales].
final class Q5_K extends Codes {
  Q5_K() {
    super("Q5_K", 256, 176, InputForm.CODES, TilePlanes.FIVE, TileScales.PRODUCT_AND_SHIFT, 0, 16);
  }

  @Override
  void codes(byte[] blocks, int at, int part, byte[] codes, int to) {
    int from = at + 48 + part / 2 * 32;
    int shift = part % 2 * 4;
    for (int i = 0; i < 32; i++) {
      int high = blocks[at + 16 + i] >> part & 1;
      codes[to + i] = (byte) ((blocks[from + i] >> shift & 15) | high << 4);
    }
  }

  @Override
  short scaleLine(byte[] blocks, int at, int part, int k) {
    return k < 2 ? Packer.getShort(blocks, at + 2 * k) : SixBits.pair(blocks, at + 4, part);
  }

  @Override
  boolean isFinite(MemorySegment blocks) {
    return Finite.allHalves(blocks, 0, blockBytes()) && Finite.allHalves(blocks, 2, blockBytes());
  }

  @Override
  public void noise(LongSupplier bits, float deviation, ByteBuffer to) {
    SixBits.noise(bits, deviation, 31, to);
    for (int i = 0; i < 20; i++) {
      to.putLong(bits.getAsLong());
    }
  }
}
