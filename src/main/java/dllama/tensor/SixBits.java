package dllama.tensor;

import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// The twelve bytes of Q4_K and Q5_K: eight pairs of numbers of six bits. The first four of each
/// stand in the low bits of bytes 0 to 3 and 4 to 7; of the others bytes 8 to 11 have the low
/// nibbles, and what is left of bytes 0 to 7 the high bits.
final class SixBits {
  private SixBits() {}

  /// Both numbers of a pair, a byte each, the first one low.
  static short pair(byte[] from, int at, int i) {
    if (i < 4) {
      return (short) ((from[at + i] & 63) | (from[at + 4 + i] & 63) << 8);
    }
    int low = from[at + 4 + i];
    int first = (low & 15) | (from[at + i - 4] >> 6 & 3) << 4;
    int second = (low >> 4 & 15) | (from[at + i] >> 6 & 3) << 4;
    return (short) (first | second << 8);
  }

  /// Appends two float16 and twelve bytes, so that codes from 0 to `max`, each as likely, give
  /// values of mean 0 and this deviation. Both numbers of a pair are the same, 32 to 63.
  static void noise(LongSupplier bits, float deviation, int max, ByteBuffer to) {
    Noise.halfAndShift(deviation / Noise.around(32, 63), -max, to);
    int random = (int) bits.getAsLong();
    int early = (random & 0x5f5f5f5f) | 0xa0a0a0a0; // the others' high bits are 2 or 3
    int late = random >>> 5 & 0x0f0f0f0f;
    to.putInt(early);
    to.putInt(early);
    to.putInt(late * 0x11);
  }
}
