package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// Blocks of 256 values, 64 of them in the nibbles of 64 bytes by twos: 128 bytes of low bits, 64
/// of high bits, 16 signed bytes, a float16; value = (bits − 32) · byte · float16.
final class Q6_K extends Codes {
  Q6_K() {
    super("Q6_K", 256, 210, InputForm.PAIRED_CODES, TilePlanes.SIX, TileScales.PRODUCTS, 32, 32);
  }

  @Override
  void codes(byte[] blocks, int at, int part, byte[] codes, int to) {
    int low = at + part / 4 * 64 + part % 2 * 32;
    int lowShift = part / 2 % 2 * 4;
    int high = at + 128 + part / 4 * 32;
    int highShift = part % 4 * 2;
    for (int i = 0; i < 32; i++) {
      int bits = blocks[high + i] >> highShift & 3;
      codes[to + i] = (byte) ((blocks[low + i] >> lowShift & 15) | bits << 4);
    }
  }

  @Override
  short scaleLine(byte[] blocks, int at, int part, int k) {
    return Packer.getShort(blocks, at + (k == 0 ? 208 : 192 + 2 * part));
  }

  @Override
  boolean isFinite(MemorySegment blocks) {
    return Finite.allHalves(blocks, 208, blockBytes());
  }

  @Override
  public void noise(LongSupplier bits, float deviation, ByteBuffer to) {
    for (int i = 0; i < 26; i++) {
      to.putLong(bits.getAsLong());
    }
    to.putShort(Noise.half(deviation / (Noise.around(-32, 31) * Noise.around(-128, 127))));
  }
}
