package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// Blocks of 32 values: float16 scale, then 16 bytes of nibbles as in [Q4_0]; value = scale · what
/// [CodeBook] has for a nibble.
final class IQ4_NL extends Codes {
  IQ4_NL() {
    super("IQ4_NL", 32, 18, InputForm.CODES, TilePlanes.EIGHT, TileScales.HALF, 0, 0);
  }

  @Override
  void codes(byte[] blocks, int at, int part, byte[] codes, int to) {
    for (int i = 0; i < 16; i++, to++) {
      codes[to] = CodeBook.IQ4.code(blocks[at + 2 + i]);
      codes[to + 16] = CodeBook.IQ4.code(blocks[at + 2 + i] >> 4);
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
    Noise.half(bits, deviation / CodeBook.IQ4.deviation(), to);
    to.putLong(bits.getAsLong());
    to.putLong(bits.getAsLong());
  }
}
