package dllama.model;

import dllama.error.UserException;
import java.util.List;

/// Rotary embedding: how far each pair of a head's values turns per position, and what contexts
/// that are longer than those in training change of it.
///
/// @param scaling which of the following components mean anything
/// @param theta base of the wave lengths
/// @param factor by which long waves are slowed down; 1 where nothing is
/// @param low [Scaling#LLAMA31]: so many waves in the original context are slowed down wholly;
///     [Scaling#YARN]: `beta_slow`
/// @param high the same for not at all, and `beta_fast`
/// @param originalContextLength positions in training
/// @param magnitude factor of what has been turned
/// @param factors by which pairs are slowed down, of [Scaling#PER_PAIR]; else empty
public record Rope(
    Scaling scaling,
    float theta,
    float factor,
    float low,
    float high,
    int originalContextLength,
    float magnitude,
    List<Float> factors) {

  /// How frequencies are made of the plain ones.
  public enum Scaling {
    NONE {
      @Override
      double scaled(Rope rope, double plain, int pair, int headDim) {
        return plain;
      }
    },

    /// All waves are slowed down (position interpolation, arXiv:2306.15595).
    LINEAR {
      @Override
      double scaled(Rope rope, double plain, int pair, int headDim) {
        return plain / rope.factor;
      }
    },

    /// Short waves are kept, long ones slowed down, with a smooth transition (Meta, llama-models,
    /// `apply_scaling`).
    LLAMA31 {
      @Override
      double scaled(Rope rope, double plain, int pair, int headDim) {
        double waves = rope.originalContextLength * plain / (2 * Math.PI);
        double low = rope.low;
        double keep = Math.clamp((waves - low) / (rope.high - low), 0, 1);
        return keep * plain + (1 - keep) * plain / rope.factor;
      }
    },

    /// The same by the number of the pair (Peng et al., YaRN, arXiv:2309.00071), with whole numbers
    /// of pairs at both ends of the transition, as llama.cpp has it.
    YARN {
      @Override
      double scaled(Rope rope, double plain, int pair, int headDim) {
        double first = Math.max(0, Math.floor(rope.pairOfWaves(rope.high, headDim)));
        double last = Math.min(headDim - 1, Math.ceil(rope.pairOfWaves(rope.low, headDim)));
        double slowed = Math.clamp((pair - first) / Math.max(0.001, last - first), 0, 1);
        return (1 - slowed) * plain + slowed * plain / rope.factor;
      }
    },

    /// Each pair by a factor of its own, as files with `rope_freqs` have it.
    PER_PAIR {
      @Override
      double scaled(Rope rope, double plain, int pair, int headDim) {
        return plain / rope.factors.get(pair);
      }
    };

    abstract double scaled(Rope rope, double plain, int pair, int headDim);
  }

  private static final int MOST_PAIRS = 1 << 12;

  public Rope {
    factors = List.copyOf(factors);
    positive("theta", theta);
    positive("factor", factor);
    positive("magnitude", magnitude);
    factors.forEach(value -> positive("factor of a pair", value));
    boolean waves = scaling == Scaling.LLAMA31 || scaling == Scaling.YARN;
    if (waves) {
      positive("low frequency factor", low);
      if (originalContextLength < 1 || originalContextLength > 1 << 28) {
        throw refused("original context length", originalContextLength);
      }
      if (!(high > low) || Float.isInfinite(high)) {
        throw new UserException(
            "model header: rope high frequency factor %s must be above the low one, %s"
                .formatted(high, low));
      }
    }
    if (factors.isEmpty() == (scaling == Scaling.PER_PAIR) || factors.size() > MOST_PAIRS) {
      throw refused("factors", factors.size());
    }
  }

  /// As in training.
  public static Rope unscaled(float theta) {
    return new Rope(Scaling.NONE, theta, 1, 1, 1, 0, 1, List.of());
  }

  public static Rope linear(float theta, float factor) {
    return new Rope(Scaling.LINEAR, theta, factor, 1, 1, 0, 1, List.of());
  }

  public static Rope llama31(
      float theta, float factor, float low, float high, int originalContextLength) {
    return new Rope(Scaling.LLAMA31, theta, factor, low, high, originalContextLength, 1, List.of());
  }

  /// Slowed down as YaRN does it.
  ///
  /// @param attention factor of what has been turned, apart from what YaRN itself makes of `factor`
  public static Rope yarn(
      float theta,
      float factor,
      float betaSlow,
      float betaFast,
      int originalContextLength,
      float attention) {
    float magnitude = (float) (attention * (1 + 0.1 * StrictMath.log(factor)));
    return new Rope(
        Scaling.YARN,
        theta,
        factor,
        betaSlow,
        betaFast,
        originalContextLength,
        magnitude,
        List.of());
  }

  /// The same with another factor of what has been turned.
  public Rope withMagnitude(float other) {
    return new Rope(scaling, theta, factor, low, high, originalContextLength, other, factors);
  }

  public static Rope perPair(float theta, List<Float> factors) {
    return new Rope(Scaling.PER_PAIR, theta, 1, 1, 1, 0, 1, factors);
  }

  /// Radians per position of one pair: `theta^(-2 pair / headDim)` (Su et al., RoFormer,
  /// arXiv:2104.09864), scaled.
  public double frequency(int pair, int headDim) {
    return scaling.scaled(this, StrictMath.pow(theta, -2.0 * pair / headDim), pair, headDim);
  }

  /// Whether a head of this size has as many pairs as there are factors.
  boolean fits(int headDim) {
    return scaling != Scaling.PER_PAIR || factors.size() == headDim / 2;
  }

  /// The pair, not a whole number, that makes so many waves in the original context.
  private double pairOfWaves(double waves, int headDim) {
    double length = originalContextLength / (waves * 2 * Math.PI);
    return headDim * StrictMath.log(length) / (2 * StrictMath.log(theta));
  }

  private static void positive(String what, float value) {
    if (!(value > 0) || Float.isInfinite(value)) {
      throw refused(what, value);
    }
  }

  private static UserException refused(String what, Number value) {
    return new UserException("model header: rope %s=%s is not possible".formatted(what, value));
  }
}
