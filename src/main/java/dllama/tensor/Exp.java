package dllama.tensor;

/// The exponential function from multiplications and additions of one defined order, because
/// `Math.exp` and the Vector API's may differ between processors, compilers and vector widths.
///
/// x = n·ln 2 + r with |r| ≤ ln 2 / 2; e^r by its Taylor polynomial of degree 7 (remainder 5e-9),
/// e^x = e^r · 2^n, where 2^n is the product of two powers so that subnormal results are right.
/// Error below 1.5 ulp.
final class Exp {
  /// Below this e^x rounds to 0; above [#MAX] it is infinite.
  static final float MIN = -104;

  static final float MAX = 89;
  static final float LOG2_E = 0x1.715476p0f;

  /// ln 2 in two parts.
  static final float LN2_HIGH = 0x1.62e43p-1f;

  static final float LN2_LOW = -0x1.05c61p-29f;

  /// 1.5 · 2^23: adding it leaves the nearest integer in the low bits.
  static final float ROUNDER = 0x1.8p23f;

  static final float C2 = 1f / 2;
  static final float C3 = 1f / 6;
  static final float C4 = 1f / 24;
  static final float C5 = 1f / 120;
  static final float C6 = 1f / 720;
  static final float C7 = 1f / 5040;

  private Exp() {}

  static float exp(float x) {
    float clamped = Math.min(Math.max(x, MIN), MAX);
    float rounded = Math.fma(clamped, LOG2_E, ROUNDER);
    float n = rounded - ROUNDER;
    float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, clamped));
    float p = Math.fma(C7, r, C6);
    p = Math.fma(p, r, C5);
    p = Math.fma(p, r, C4);
    p = Math.fma(p, r, C3);
    p = Math.fma(p, r, C2);
    p = Math.fma(p, r, 1f);
    p = Math.fma(p, r, 1f);
    int exponent = Float.floatToRawIntBits(rounded) - Float.floatToRawIntBits(ROUNDER);
    int half = exponent >> 1;
    return p * power(half) * power(exponent - half);
  }

  private static float power(int exponent) {
    return Float.intBitsToFloat((exponent + 127) << 23);
  }
}
