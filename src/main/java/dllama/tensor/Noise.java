package dllama.tensor;

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
}
