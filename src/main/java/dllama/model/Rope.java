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
/// @param factors by which pairs are slowed down, of [Scaling#PER_PAIR]; of [Scaling#LONG] those of
///     contexts as in training, then those of longer ones; else empty
/// @param turned values of a head that turn, from its first on; the others stay as they are. [#ALL]
///     where none does, 0 where positions turn nothing
public record Rope(
    Scaling scaling,
    float theta,
    float factor,
    float low,
    float high,
    int originalContextLength,
    float magnitude,
    List<Float> factors,
    int turned) {
  /// As many values as any head has.
  public static final int ALL = 1 << 12;

  /// Positions turn nothing.
  public static final Rope NONE = unscaled(10_000).turning(0);

  /// How frequencies are made of the plain ones.
  public enum Scaling {
    NONE {
      @Override
      double scaled(Rope rope, double plain, int pair, int values) {
        return plain;
      }
    },

    /// All waves are slowed down (position interpolation, arXiv:2306.15595).
    LINEAR {
      @Override
      double scaled(Rope rope, double plain, int pair, int values) {
        return plain / rope.factor;
      }
    },

    /// Short waves are kept, long ones slowed down, with a smooth transition (Meta, llama-models,
    /// `apply_scaling`).
    LLAMA31 {
      @Override
      double scaled(Rope rope, double plain, int pair, int values) {
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
      double scaled(Rope rope, double plain, int pair, int values) {
        double first = Math.max(0, Math.floor(rope.pairOfWaves(rope.high, values)));
        double last = Math.min(values - 1, Math.ceil(rope.pairOfWaves(rope.low, values)));
        double slowed = Math.clamp((pair - first) / Math.max(0.001, last - first), 0, 1);
        return (1 - slowed) * plain + slowed * plain / rope.factor;
      }
    },

    /// Each pair by a factor of its own, as files with `rope_freqs` have it.
    PER_PAIR {
      @Override
      double scaled(Rope rope, double plain, int pair, int values) {
        return plain / rope.factors.get(pair);
      }
    },

    /// The same, by other factors where the context is longer than in training (LongRoPE,
    /// arXiv:2402.13753), see [Rope#in].
    LONG {
      @Override
      double scaled(Rope rope, double plain, int pair, int values) {
        return plain / rope.factors.get(pair);
      }
    };

    abstract double scaled(Rope rope, double plain, int pair, int values);
  }

  private static final int MOST_PAIRS = 1 << 12;

  public Rope {
    factors = List.copyOf(factors);
    positive("theta", theta);
    positive("factor", factor);
    positive("magnitude", magnitude);
    factors.forEach(value -> positive("factor of a pair", value));
    if (turned < 0 || turned > ALL || turned % 2 != 0) {
      throw refused("values of a head", turned);
    }
    boolean waves = scaling == Scaling.LLAMA31 || scaling == Scaling.YARN;
    boolean trained = waves || scaling == Scaling.LONG;
    if (trained && (originalContextLength < 1 || originalContextLength > 1 << 28)) {
      throw refused("original context length", originalContextLength);
    }
    if (waves) {
      positive("low frequency factor", low);
      if (!(high > low) || Float.isInfinite(high)) {
        throw new UserException(
            "model header: rope high frequency factor %s must be above the low one, %s"
                .formatted(high, low));
      }
    }
    boolean own = scaling == Scaling.PER_PAIR || scaling == Scaling.LONG;
    if (factors.isEmpty() == own || factors.size() > MOST_PAIRS) {
      throw refused("factors", factors.size());
    }
  }

  /// As in training.
  public static Rope unscaled(float theta) {
    return new Rope(Scaling.NONE, theta, 1, 1, 1, 0, 1, List.of(), ALL);
  }

  public static Rope linear(float theta, float factor) {
    return new Rope(Scaling.LINEAR, theta, factor, 1, 1, 0, 1, List.of(), ALL);
  }

  public static Rope llama31(
      float theta, float factor, float low, float high, int originalContextLength) {
    return new Rope(
        Scaling.LLAMA31, theta, factor, low, high, originalContextLength, 1, List.of(), ALL);
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
        List.of(),
        ALL);
  }

  /// The same with another factor of what has been turned.
  public Rope withMagnitude(float other) {
    return new Rope(
        scaling, theta, factor, low, high, originalContextLength, other, factors, turned);
  }

  public static Rope perPair(float theta, List<Float> factors) {
    return new Rope(Scaling.PER_PAIR, theta, 1, 1, 1, 0, 1, factors, ALL);
  }

  /// The same for the first so many values of a head.
  public Rope turning(int values) {
    return new Rope(
        scaling, theta, factor, low, high, originalContextLength, magnitude, factors, values);
  }

  /// Values that turn of a head of this size.
  public int turned(int headDim) {
    return Math.min(turned, headDim);
  }

  /// Slowed down pair by pair, by other factors where the context is longer than in training.
  ///
  /// @param factors of each pair, in contexts as in training, then in longer ones
  public static Rope ofLongContexts(float theta, int originalContextLength, List<Float> factors) {
    return new Rope(Scaling.LONG, theta, 1, 1, 1, originalContextLength, 1, factors, ALL);
  }

  /// That which counts in a context of this length.
  public Rope in(int contextLength) {
    if (scaling != Scaling.LONG) {
      return this;
    }
    int pairs = factors.size() / 2;
    int from = contextLength > originalContextLength ? pairs : 0;
    return perPair(theta, factors.subList(from, from + pairs))
        .withMagnitude(magnitude)
        .turning(turned);
  }

  /// Radians per position of one pair: `theta^(-2 pair / turned)` (Su et al., RoFormer,
  /// arXiv:2104.09864), scaled.
  public double frequency(int pair, int headDim) {
    int values = turned(headDim);
    return scaling.scaled(this, StrictMath.pow(theta, -2.0 * pair / values), pair, values);
  }

  /// Whether a head of this size has as many pairs as there are factors.
  boolean fits(int headDim) {
    int pairs = turned(headDim) / 2;
    return switch (scaling) {
      case PER_PAIR -> factors.size() == pairs;
      case LONG -> factors.size() == 2 * pairs;
      default -> true;
    };
  }

  /// The pair, not a whole number, that makes so many waves in the original context.
  private double pairOfWaves(double waves, int values) {
    double length = originalContextLength / (waves * 2 * Math.PI);
    return values * StrictMath.log(length) / (2 * StrictMath.log(theta));
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
