package dllama.logits;

/// What tokens weigh when one is drawn, e^(logit / temperature), and the sum of all: the same bits
/// however the vocabulary is cut over ranks.
///
/// A weight is `mantissa · 2^exponent` with a whole mantissa of 32 bits, and not relative to the
/// largest logit, which no rank knows alone. Mantissas are added per exponent, exactly, for the
/// [#BINS] exponents below the largest one; what weighs less than 2^-47 of the largest weighs
/// nothing. Bins of ranks are added exactly, too; only their total is rounded.
///
/// e^x = 2^(k/32) · e^r with |r| ≤ ln 2 / 64: a table and a short series, off by less than 2^-44.
/// What C2 can make vectors of stands in a loop of its own, in blocks that stay in the cache.
public final class TokenWeights {
  /// Exponents that count, from the largest on.
  public static final int BINS = 48;

  /// Logit / temperature from here on: neighbouring floats are 64 apart, e^64 in weight, so that
  /// the largest logit is as good as certain.
  private static final float CERTAIN = 1 << 30;

  private static final int BLOCK = 1024;
  private static final int STEPS = 32;
  private static final int STEP_BITS = 5;
  private static final double STEPS_PER_UNIT = STEPS / Math.log(2);
  private static final double UNITS_PER_STEP = Math.log(2) / STEPS;

  /// Added, it rounds to a whole number, which then stands in the lowest bits.
  private static final double ROUNDING = 0x1.8p52;

  private static final long ROUNDING_BITS = Double.doubleToRawLongBits(ROUNDING);

  /// A weight is its mantissa times 2^(exponent - MANTISSA_BITS).
  private static final int MANTISSA_BITS = 31;

  /// 2^(i / 32), scaled for the mantissa.
  private static final double[] POWERS = powers();

  private final double[] rounded = new double[BLOCK];
  private final double[] series = new double[BLOCK];

  private static double[] powers() {
    double[] powers = new double[STEPS];
    for (int i = 0; i < STEPS; i++) {
      powers[i] = Math.pow(2, i / (double) STEPS) * 0x1p31;
    }
    return powers;
  }

  /// Whether nothing but the largest logit can be drawn, which then may be infinite.
  static boolean certain(float largest, float temperature) {
    return !(Math.abs(largest / temperature) < CERTAIN);
  }

  /// Exponent of a logit's weight, not [#certain].
  static int exponent(float logit, float temperature) {
    double steps = (double) (logit / temperature) * STEPS_PER_UNIT + ROUNDING;
    return (int) ((Double.doubleToRawLongBits(steps) - ROUNDING_BITS) >> STEP_BITS);
  }

  /// Adds the weights of `count` logits from `at` on up; NaN weighs nothing.
  ///
  /// @param top exponent of the largest
  /// @param sums `[BINS]`, of mantissas: that of exponent `top - i` becomes number i
  void sum(float[] logits, int at, int count, float temperature, int top, long[] sums) {
    for (int from = 0; from < count; from += BLOCK) {
      int size = Math.min(BLOCK, count - from);
      split(logits, at + from, size, temperature, top);
      for (int i = 0; i < size; i++) {
        long steps = steps(i);
        long bin = top - (steps >> STEP_BITS);
        if (bin >= 0 && bin < BINS) {
          sums[(int) bin] += mantissa(i, steps);
        }
      }
    }
  }

  /// Adds the sums of a part of the tokens, those from `at` on, to those of all.
  ///
  /// @param exponent of the largest of that part
  /// @param all `[BINS]`
  /// @param top exponent of the largest of all
  static void add(long[] sums, int at, int exponent, long[] all, int top) {
    long below = (long) top - exponent;
    for (int bin = 0; below >= 0 && bin + below < BINS; bin++) {
      all[(int) (bin + below)] += sums[at + bin];
    }
  }

  /// Writes the weight of each of `size` logits from `at` on, in units of 2^top.
  void weigh(float[] logits, int at, int size, float temperature, int top, double[] weights) {
    for (int from = 0; from < size; from += BLOCK) {
      int length = Math.min(BLOCK, size - from);
      split(logits, at + from, length, temperature, top);
      for (int i = 0; i < length; i++) {
        long steps = steps(i);
        long bin = top - (steps >> STEP_BITS);
        weights[from + i] = bin >= 0 && bin < BINS ? inUnits(mantissa(i, steps), (int) bin) : 0;
      }
    }
  }

  /// The total of `sums`, in the units of [#weigh].
  static double total(long[] sums) {
    double total = 0;
    for (int bin = 0; bin < BINS; bin++) {
      total += inUnits(sums[bin], bin);
    }
    return total;
  }

  /// The natural logarithm of a total in the units of 2^exponent.
  static double log(double total, int exponent) {
    return StrictMath.log(total) + (exponent - MANTISSA_BITS) * StrictMath.log(2);
  }

  private static double inUnits(long mantissas, int bin) {
    return mantissas * Double.longBitsToDouble((1023L - bin) << 52);
  }

  private void split(float[] logits, int from, int size, float temperature, int top) {
    double lowest = (top - BINS - 2) * Math.log(2); // weighs nothing; the series stays in bounds
    for (int i = 0; i < size; i++) {
      double value = Math.max(logits[from + i] / temperature, lowest);
      double steps = value * STEPS_PER_UNIT + ROUNDING;
      double r = value - (steps - ROUNDING) * UNITS_PER_STEP;
      rounded[i] = steps;
      series[i] = 1 + r * (1 + r * (1 / 2d + r * (1 / 6d + r * (1 / 24d + r * (1 / 120d)))));
    }
  }

  /// Far out of all bins for NaN.
  private long steps(int i) {
    return Double.doubleToRawLongBits(rounded[i]) - ROUNDING_BITS;
  }

  private long mantissa(int i, long steps) {
    return (long) (series[i] * POWERS[(int) steps & (STEPS - 1)]);
  }
}
