package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// Blocks of 256 values: two float16, eight pairs of [SixBits], then 128 bytes, 32 for two parts,
/// of which the first has the low nibbles; value = nibble · scale + shift with [TileScales].
final class Q4_K extends Codes {
  Q4_K() {
    super(
        "Q4_K",
        256,
        144,
        InputForm.CARRIED_CODES,
        TilePlanes.FOUR,
        TileScales.PRODUCT_AND_SHIFT,
        0,
        8);
  }

  @Override
  void codes(byte[] blocks, int at, int part, byte[] codes, int to) {
    int from = at + 16 + part / 2 * 32;
    int shift = part % 2 * 4;
    for (int i = 0; i < 32; i++) {
      codes[to + i] = (byte) (blocks[from + i] >> shift & 15);
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
    SixBits.noise(bits, deviation, 15, to);
    for (int i = 0; i < 16; i++) {
      to.putLong(bits.getAsLong());
    }
  }
}
