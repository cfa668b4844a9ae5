package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// Blocks of 32 values: float16 scale and float16 shift, 32 high bits, then 16 bytes whose nibbles
/// are the low bits as in [Q4_0]; value = bits · scale + shift.
final class Q5_1 extends Codes {
  Q5_1() {
    super("Q5_1", 32, 24, InputForm.CODES, TilePlanes.FIVE, TileScales.HALF_AND_SHIFT, 0, 16);
  }

  @Override
  void codes(byte[] blocks, int at, int part, byte[] codes, int to) {
    int high = Packer.getInt(blocks, at + 4);
    for (int i = 0; i < 16; i++, to++, high >>>= 1) {
      codes[to] = (byte) ((blocks[at + 8 + i] & 15) | (high & 1) << 4);
      codes[to + 16] = (byte) ((blocks[at + 8 + i] >> 4 & 15) | (high >>> 16 & 1) << 4);
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
    Noise.halfAndShift(deviation, 31, to);
    Noise.fiveBits(bits, to);
  }
}
