package dllama.tensor;

import java.nio.ByteBuffer;
import java.util.function.LongSupplier;

/// Made-up values and scales of made-up weights.
final class Noise {
  private static final float SQRT_3 = (float) Math.sqrt(3);

  private Noise() {}

  /// Evenly distributed with mean 0 and standard deviation 1.
  static float value(LongSupplier bits) {
    return SQRT_3 * 0x1p-31f * (int) bits.getAsLong();
  }

  /// A block's scale, float16, within a quarter of `mean`.
  static short scale(LongSupplier bits, float mean) {
    return Float.floatToFloat16(mean * (1 + 0.14f * value(bits)));
  }

  static short half(double scale) {
    return Float.floatToFloat16((float) scale);
  }

  /// Appends a float16 of either sign, which makes the mean 0 whatever that of the codes is.
  static void half(LongSupplier bits, double scale, ByteBuffer to) {
    to.putShort(half(bits.getAsLong() < 0 ? -scale : scale));
  }

  /// Appends two float16, so that `code · first + second` with codes from 0 to `max`, each as
  /// likely, has mean 0 and this deviation.
  ///
  /// @param max negative for `code · first − second`
  static void halfAndShift(double deviation, int max, ByteBuffer to) {
    int codes = Math.abs(max) + 1;
    short scale = half(deviation / Math.sqrt((codes * (double) codes - 1) / 12));
    to.putShort(scale);
    to.putShort(half(Float.float16ToFloat(scale) * -max / 2.0));
  }

  /// Appends 32 high bits and 32 nibbles.
  static void fiveBits(LongSupplier bits, ByteBuffer to) {
    long low = bits.getAsLong();
    to.putInt((int) ((low * 0x9E3779B97F4A7C15L) >>> 32));
    to.putLong(low);
    to.putLong(bits.getAsLong());
  }

  /// Something else of the same random bits, from 0 to 1.
  static double spread(long bits) {
    return ((bits * 0x9E3779B97F4A7C15L) >>> 11) * 0x1p-53;
  }

  /// Root mean square of the whole numbers from one to another.
  static double around(int from, int to) {
    double squares = 0;
    for (int i = from; i <= to; i++) {
      squares += (double) i * i;
    }
    return Math.sqrt(squares / (to - from + 1));
  }
}
