package dllama.tensor;

/// Rounding of activations and partials to Q8_0: d = max|x| / 127, scale = float16(d), code = x / d
/// rounded half away from zero, with the d that is not rounded.
///
/// A block that holds NaN or an infinity gets codes of 0 and a scale of NaN or infinity, so that
/// every product with it is NaN.
final class Q8Rounding {
  private Q8Rounding() {}

  static float max(float[] x, int at) {
    float max = 0;
    for (int i = 0; i < Tiles.COLS; i++) {
      max = Math.max(max, Math.abs(x[at + i]));
    }
    return max;
  }

  /// The stored scale, as float16 bits.
  static short scale(float max) {
    return Float.floatToFloat16(max / 127);
  }

  /// 1 / d; 0 where that would overflow, which is far below the smallest scale.
  static float inverse(float max) {
    float d = max / 127;
    return d < Float.MIN_NORMAL ? 0 : 1 / d;
  }

  /// 1 / `scale`; 0 where that is no number, as of the scale of a block of zeros.
  static float inverseOf(float scale) {
    float inverse = 1 / scale;
    return Float.isInfinite(inverse) ? 0 : inverse;
  }

  /// `value` rounded half away from zero; truncates twice because value + 0.5 can round up to the
  /// next integer by itself.
  static int round(float value) {
    int whole = (int) value;
    return whole + (int) (2 * (value - whole));
  }
}
