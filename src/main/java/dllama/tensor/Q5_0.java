package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// Blocks of 32 values: float16 scale, 32 high bits, then 16 bytes whose nibbles are the low bits
/// as in [Q4_0]; value = (bits − 16) · scale.
final class Q5_0 extends Codes {
  Q5_0() {
    super("Q5_0", 32, 22, InputForm.CODES, TilePlanes.FIVE, TileScales.HALF, 16, 16);
  }

  @Override
  void codes(byte[] blocks, int at, int part, byte[] codes, int to) {
    int high = Packer.getInt(blocks, at + 2);
    for (int i = 0; i < 16; i++, to++, high >>>= 1) {
      codes[to] = (byte) ((blocks[at + 6 + i] & 15) | (high & 1) << 4);
      codes[to + 16] = (byte) ((blocks[at + 6 + i] >> 4 & 15) | (high >>> 16 & 1) << 4);
    }
  }

  @Override
  short scaleLine(byte[] blocks, int at, int part, int k) {
    return Packer.getShort(blocks, at + 2 * k);
  }

  @Override
  boolean isFinite(MemorySegment blocks) {
    return Finite.allHalves(blocks, 0, blockBytes());
  }

  @Override
  public void noise(LongSupplier bits, float deviation, ByteBuffer to) {
    Noise.half(bits, deviation / Noise.around(-16, 15), to);
    Noise.fiveBits(bits, to);
  }
}
