package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// Blocks of 32 values: an exponent, then 16 bytes of nibbles as in [Q4_0], each a float of four
/// bits: value = 2^(exponent − 128) · what [CodeBook] has for a nibble.
final class MXFP4 extends Codes {
  MXFP4() {
    super("MXFP4", 32, 17, InputForm.CODES, TilePlanes.FIVE, TileScales.POWER, 12, 12);
  }

  @Override
  void codes(byte[] blocks, int at, int part, byte[] codes, int to) {
    for (int i = 0; i < 16; i++, to++) {
      codes[to] = (byte) (CodeBook.MXFP4.code(blocks[at + 1 + i]) + 12);
      codes[to + 16] = (byte) (CodeBook.MXFP4.code(blocks[at + 1 + i] >> 4) + 12);
    }
  }

  /// The upper half of the float 2^(exponent − 128).
  @Override
  short scaleLine(byte[] blocks, int at, int part, int k) {
    int exponent = blocks[at] & 0xff;
    return (short) (exponent < 2 ? 0x20 << exponent : (exponent - 1) << 7);
  }

  /// The largest exponents make infinities of the largest codes.
  @Override
  boolean isFinite(MemorySegment blocks) {
    for (long at = 0; at < blocks.byteSize(); at += blockBytes()) {
      if ((blocks.get(ValueLayout.JAVA_BYTE, at) & 0xff) > 252) {
        return false;
      }
    }
    return true;
  }

  /// Of two neighbouring exponents as often one and the other as gives the deviation.
  @Override
  public void noise(LongSupplier bits, float deviation, ByteBuffer to) {
    float scale = deviation / CodeBook.MXFP4.deviation();
    int exponent = Math.getExponent(scale);
    double ratio = scale / Math.scalb(1.0, exponent);
    long first = bits.getAsLong();
    boolean larger = Noise.spread(first) < (ratio * ratio - 1) / 3;
    to.put((byte) (Math.clamp(exponent + 128L, 0, 251) + (larger ? 1 : 0)));
    to.putLong(first);
    to.putLong(bits.getAsLong());
  }
}
