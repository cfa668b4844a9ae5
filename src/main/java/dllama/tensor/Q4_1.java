package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// Blocks of 32 values: float16 scale and float16 shift, then 16 bytes; low nibble = value j, high
/// nibble = value j + 16; value = nibble · scale + shift.
final class Q4_1 extends Codes {
  Q4_1() {
    super(
        "Q4_1", 32, 20, InputForm.CARRIED_CODES, TilePlanes.FOUR, TileScales.HALF_AND_SHIFT, 0, 8);
  }

  @Override
  void codes(byte[] blocks, int at, int part, byte[] codes, int to) {
    for (int i = 0; i < 16; i++, to++) {
      codes[to] = (byte) (blocks[at + 4 + i] & 15);
      codes[to + 16] = (byte) (blocks[at + 4 + i] >> 4 & 15);
    }
  }

  @Override
  short scaleLine(byte[] blocks, int at, int part, int k) {
    return Packer.getShort(blocks, at + 2 * k);
  }

  @Override
  boolean isFinite(MemorySegment blocks) {
    return Finite.allHalves(blocks, 0, blockBytes()) && Finite.allHalves(blocks, 2, blockBytes());
  }

  @Override
  public void noise(LongSupplier bits, float deviation, ByteBuffer to) {
    Noise.halfAndShift(deviation, 15, to);
    to.putLong(bits.getAsLong());
    to.putLong(bits.getAsLong());
  }
}
