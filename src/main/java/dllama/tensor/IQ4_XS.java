package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// Blocks of 256 values: a float16, eight scales of six bits, the high ones in two bytes and the
/// low ones in four, then 16 bytes of nibbles for each part as in [IQ4_NL]; value = float16 · (six
/// bits − 32) · what [CodeBook] has for a nibble.
final class IQ4_XS extends Codes {
  IQ4_XS() {
    super("IQ4_XS", 256, 136, InputForm.CODES, TilePlanes.EIGHT, TileScales.PRODUCT, 0, 0);
  }

  @Override
  void codes(byte[] blocks, int at, int part, byte[] codes, int to) {
    int from = at + 8 + part * 16;
    for (int i = 0; i < 16; i++, to++) {
      codes[to] = CodeBook.IQ4.code(blocks[from + i]);
      codes[to + 16] = CodeBook.IQ4.code(blocks[from + i] >> 4);
    }
  }

  @Override
  short scaleLine(byte[] blocks, int at, int part, int k) {
    if (k == 0) {
      return Packer.getShort(blocks, at);
    }
    int low = blocks[at + 4 + part / 2] >> (part % 2 * 4) & 15;
    int high = Packer.getShort(blocks, at + 2) >> (2 * part) & 3;
    return (short) ((low | high << 4) - 32);
  }

  @Override
  boolean isFinite(MemorySegment blocks) {
    return Finite.allHalves(blocks, 0, blockBytes());
  }

  /// Scales are −32 … −17 and 16 … 31.
  @Override
  public void noise(LongSupplier bits, float deviation, ByteBuffer to) {
    double scales = Math.hypot(Noise.around(-32, -17), Noise.around(16, 31)) / Math.sqrt(2);
    to.putShort(Noise.half(deviation / (CodeBook.IQ4.deviation() * scales)));
    to.putShort((short) 0xcccc);
    to.putInt((int) bits.getAsLong());
    for (int i = 0; i < 16; i++) {
      to.putLong(bits.getAsLong());
    }
  }
}
