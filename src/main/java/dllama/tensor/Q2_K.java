package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// Blocks of 256 values: 16 bytes, 64 bytes of bits, two float16; value = bits · scale + shift with
/// [TileScales].
final class Q2_K extends Codes {
  Q2_K() {
    super("Q2_K", 256, 84, InputForm.CODES, TilePlanes.TWO, TileScales.PRODUCTS_AND_SHIFTS, 0, 2);
  }

  @Override
  void codes(byte[] blocks, int at, int part, byte[] codes, int to) {
    int from = at + 16 + part / 4 * 32;
    int shift = part % 4 * 2;
    for (int i = 0; i < 32; i++) {
      codes[to + i] = (byte) (blocks[from + i] >> shift & 3);
    }
  }

  @Override
  short scaleLine(byte[] blocks, int at, int part, int k) {
    return Packer.getShort(blocks, at + (k < 2 ? 80 + 2 * k : 2 * part));
  }

  @Override
  boolean isFinite(MemorySegment blocks) {
    return Finite.allHalves(blocks, 80, blockBytes()) && Finite.allHalves(blocks, 82, blockBytes());
  }

  /// Bytes whose nibbles are the same, from 8 to 15.
  @Override
  public void noise(LongSupplier bits, float deviation, ByteBuffer to) {
    long scales = bits.getAsLong() | 0x8888888888888888L;
    for (int i = 0; i < 64; i += 4) {
      to.put((byte) ((scales >>> i & 15) * 0x11));
    }
    for (int i = 0; i < 8; i++) {
      to.putLong(bits.getAsLong());
    }
    Noise.halfAndShift(deviation / Noise.around(8, 15), -3, to);
  }
}
