package dllama.format.hf;

import dllama.error.UserException;
import dllama.model.Rope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// What a configuration says of the rotary embedding. Keys and defaults are those of transformers.
final class HfRope {
  /// How much of a head turns.
  private static final String PART = "partial_rotary_factor";

  /// Of a whole head some pairs turn, and the others do not.
  private static final String PROPORTIONAL = "proportional";

  /// Slows down what does not turn.
  private static final float STILL = 1e30f;

  /// What `rope_theta` is where neither it nor the kind of model says it.
  private static final double THETA = 1e4;

  private final HfValues config;

  HfRope(HfValues config) {
    this.config = config;
  }

  /// @throws UserException for what is not supported
  Rope read(HfArchitecture architecture, int headDim) {
    // Since transformers 5 all is in one object.
    Optional<HfValues> all = config.object("rope_parameters");
    Optional<HfValues> parameters = all.flatMap(of -> of.object("full_attention")).or(() -> all);
    Optional<HfValues> scaling = parameters.or(() -> config.object("rope_scaling"));
    HfValues says = scaling.filter(of -> of.has(PART)).orElse(config);
    double part = says.number(PART).orElse(1.0);
    if (scaling.flatMap(of -> of.text("rope_type")).orElse("").equals(PROPORTIONAL)) {
      return proportional(scaling.get(), headDim, part);
    }
    int turned = (int) (headDim * part);
    if (turned != headDim && !architecture.turnsParts()) {
      throw says.unsupported(PART);
    }
    Rope whole = whole(architecture, parameters, scaling);
    return turned == headDim ? whole : whole.turning(turned);
  }

  /// Pairs of a whole head, of which the first ones turn, and the others by next to nothing, as in
  /// GGUF files.
  private Rope proportional(HfValues values, int headDim, double part) {
    if (values.number("factor", 1) != 1) {
      throw values.unsupported("factor");
    }
    int turning = (int) (headDim * part / 2);
    List<Float> factors =
        IntStream.range(0, headDim / 2).mapToObj(pair -> pair < turning ? 1f : STILL).toList();
    double told = config.number("rope_theta").orElse(THETA);
    return Rope.perPair(values.number("rope_theta").orElse(told).floatValue(), factors);
  }

  /// That of layers which look back over a window, where they have their own.
  Rope ofWindows() {
    double told = config.number("rope_local_base_freq").orElse(10_000.0);
    Optional<HfValues> parameters =
        config.object("rope_parameters").flatMap(of -> of.object("sliding_attention"));
    parameters
        .filter(of -> !of.text("rope_type").orElse("default").equals("default"))
        .ifPresent(
            of -> {
              throw of.unsupported("rope_type");
            });
    parameters
        .filter(of -> of.number(PART, 1) != 1)
        .ifPresent(
            of -> {
              throw of.unsupported(PART);
            });
    return Rope.unscaled(
        parameters.flatMap(of -> of.number("rope_theta")).orElse(told).floatValue());
  }

  private Rope whole(
      HfArchitecture architecture, Optional<HfValues> parameters, Optional<HfValues> scaling) {
    double told = config.number("rope_theta").orElse(THETA);
    float theta = parameters.flatMap(of -> of.number("rope_theta")).orElse(told).floatValue();
    if (scaling.isEmpty()) {
      return Rope.unscaled(theta);
    }
    HfValues values = scaling.get();
    String key = values.has("rope_type") ? "rope_type" : "type";
    return switch (values.text(key).orElse("default")) {
      case "default" -> Rope.unscaled(theta);
      case "linear" -> linear(values, theta);
      case "llama3" ->
          Rope.llama31(
              theta,
              factor(values),
              number(values, "low_freq_factor"),
              number(values, "high_freq_factor"),
              values.required("original_max_position_embeddings"));
      case "yarn" -> yarn(architecture, values, theta);
      case String name when architecture == HfArchitecture.PHI3 && name.equals("longrope") ->
          longRope(values, theta);
      default -> throw values.unsupported(key);
    };
  }

  private static Rope linear(HfValues values, float theta) {
    float factor = factor(values);
    return factor == 1 ? Rope.unscaled(theta) : Rope.linear(theta, factor);
  }

  /// Factors of contexts as in training and of longer ones (Phi 3 and 4).
  private Rope longRope(HfValues values, float theta) {
    int original =
        values
            .natural("original_max_position_embeddings")
            .orElseGet(() -> config.required("original_max_position_embeddings"));
    List<Float> factors = new ArrayList<>();
    for (String key : List.of("short_factor", "long_factor")) {
      for (Object factor : values.list(key).orElseThrow(() -> values.unsupported(key))) {
        if (!(factor instanceof Number number)) {
          throw values.unsupported(key);
        }
        factors.add(number.floatValue());
      }
    }
    double longer = config.required("max_position_embeddings") / (double) original;
    double usual =
        longer <= 1 ? 1 : StrictMath.sqrt(1 + StrictMath.log(longer) / StrictMath.log(original));
    double magnitude = values.number("attention_factor").orElse(usual);
    return Rope.ofLongContexts(theta, original, factors).withMagnitude((float) magnitude);
  }

  private Rope yarn(HfArchitecture architecture, HfValues values, float theta) {
    boolean whole = architecture.has(HfArchitecture.Trait.WHOLE_YARN_PAIRS);
    if (!whole && !values.truth("truncate").orElse(true)) {
      throw values.unsupported("truncate");
    }
    float factor = factor(values);
    int original =
        values
            .natural("original_max_position_embeddings")
            .orElseGet(() -> config.required("max_position_embeddings"));
    return Rope.yarn(
            theta,
            factor,
            values.number("beta_slow", 1),
            values.number("beta_fast", 32),
            original,
            1)
        .withMagnitude(magnitude(values, factor));
  }

  /// Factor of what has been turned.
  private static float magnitude(HfValues values, float factor) {
    Optional<Double> told = values.number("attention_factor");
    if (told.isPresent()) {
      return told.get().floatValue();
    }
    float scale = values.number("mscale", 0);
    float scaleOfAll = values.number("mscale_all_dim", 0);
    return (float)
        (scale != 0 && scaleOfAll != 0
            ? magnitude(factor, scale) / magnitude(factor, scaleOfAll)
            : magnitude(factor, 1));
  }

  private static double magnitude(float factor, float scale) {
    return factor <= 1 ? 1 : 0.1 * scale * StrictMath.log(factor) + 1;
  }

  private static float factor(HfValues values) {
    return number(values, "factor");
  }

  private static float number(HfValues values, String key) {
    return values.number(key).orElseThrow(() -> values.unsupported(key)).floatValue();
  }
}
