package dllama.sampling;

/// Probabilities of logits, with the bits that `(float) Math.exp` gives, in a quarter of the time.
///
/// e^x = 2^(k/32) · e^r with |r| ≤ ln 2 / 64: a table and a short series, off by less than 2^-44.
/// Where a float's rounding could tell that from the result of [Math#exp], that one is asked.
/// What C2 can make vectors of stands in loops of its own, in blocks that stay in the cache.
final class Softmax {
  private static final int BLOCK = 1024;

  /// Here the float is 0 already; much lower, and the power's exponent would wrap around.
  private static final float LOWEST = -110;

  private static final int STEPS = 32;
  private static final int STEP_BITS = 5;
  private static final double STEPS_PER_UNIT = STEPS / Math.log(2);
  private static final double UNITS_PER_STEP = Math.log(2) / STEPS;

  /// Added, it rounds to a whole number, which then stands in the lowest bits.
  private static final double ROUNDING = 0x1.8p52;

  private static final double BELOW = 1 - 0x1p-43;
  private static final double ABOVE = 1 + 0x1p-43;
  private static final long[] POWERS = powers();

  private final double[] rounded = new double[BLOCK];
  private final double[] series = new double[BLOCK];

  private static long[] powers() {
    long[] powers = new long[STEPS];
    for (int i = 0; i < STEPS; i++) {
      powers[i] = Double.doubleToRawLongBits(Math.pow(2, i / (double) STEPS));
    }
    return powers;
  }

  /// Replaces logits by probabilities; NaN has none.
  ///
  /// @param max the largest of the logits, divided by the temperature; finite
  void apply(float[] x, float temperature, float max) {
    for (int i = 0; i < x.length; i++) {
      x[i] = x[i] / temperature - max;
    }
    float sum = 0;
    for (int from = 0; from < x.length; from += BLOCK) {
      int size = Math.min(BLOCK, x.length - from);
      split(x, from, size);
      sum = exp(x, from, size, sum);
    }
    for (int i = 0; i < x.length; i++) {
      x[i] /= sum;
    }
  }

  private void split(float[] x, int from, int size) {
    for (int i = 0; i < size; i++) {
      double value = Math.max(x[from + i], LOWEST);
      double steps = value * STEPS_PER_UNIT + ROUNDING;
      double r = value - (steps - ROUNDING) * UNITS_PER_STEP;
      rounded[i] = steps;
      series[i] = 1 + r * (1 + r * (1 / 2d + r * (1 / 6d + r * (1 / 24d + r * (1 / 120d)))));
    }
  }

  private float exp(float[] x, int from, int size, float before) {
    float sum = before;
    for (int i = 0; i < size; i++) {
      long steps = Double.doubleToRawLongBits(rounded[i]);
      long power = POWERS[(int) steps & (STEPS - 1)] + (steps >> STEP_BITS << 52);
      double exp = series[i] * Double.longBitsToDouble(power);
      float low = (float) (exp * BELOW);
      float e = low == (float) (exp * ABOVE) ? low : mathExp(x[from + i]);
      x[from + i] = e;
      sum += e;
    }
    return sum;
  }

  private static float mathExp(float x) {
    return Float.isNaN(x) ? 0 : (float) Math.exp(x);
  }
}
