package dllama.format.gguf;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dllama.model.Rope;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What a GGUF file says of the rotary embedding. Keys and defaults are llama.cpp's.
final class GgufRope {
  private final GgufFile file;
  private final GgufMetadata metadata;
  private final String prefix;

  /// @param architecture with which keys begin
  GgufRope(GgufFile file, String architecture) {
    this.file = file;
    this.metadata = file.metadata();
    this.prefix = architecture + ".rope.";
  }

  /// @throws dllama.error.UserException for what is not supported
  Rope read(int headDim) {
    int turned = metadata.u32(prefix + "dimension_count", headDim);
    if (turned < 2 || turned > headDim || turned % 2 != 0) {
      throw file.damaged(
          "%sdimension_count is %d of a head's %d values".formatted(prefix, turned, headDim));
    }
    Rope whole = whole();
    // YaRN has it in its own factor.
    float attention =
        whole.scaling() == Rope.Scaling.YARN ? 1 : metadata.f32(prefix + "scaling.attn_factor", 1);
    return file.checked(
        () ->
            whole
                .withMagnitude(whole.magnitude() * attention)
                .turning(turned == headDim ? Rope.ALL : turned));
  }

  /// As if all values of a head turned.
  private Rope whole() {
    float theta = metadata.f32(prefix + "freq_base", 10_000);
    String scaling = metadata.findString(prefix + "scaling.type").orElse("none");
    Optional<GgufTensor> factors = file.tensor(GgufNames.ROPE_FACTORS);
    if (factors.isPresent()) {
      if (!"none".equals(scaling) && scalingFactor() != 1) {
        throw refused(scaling + " beside " + GgufNames.ROPE_FACTORS);
      }
      List<Float> values = factors(factors.get());
      return file.checked(() -> Rope.perPair(theta, values));
    }
    List<Float> both = new ArrayList<>();
    for (String name : GgufNames.LONG_ROPE_FACTORS) {
      file.tensor(name).ifPresent(tensor -> both.addAll(factors(tensor)));
    }
    if (!both.isEmpty()) {
      int original = metadata.u32(prefix + "scaling.original_context_length");
      return file.checked(() -> Rope.ofLongContexts(theta, original, both));
    }
    float factor = scalingFactor();
    return switch (scaling.toLowerCase(Locale.ROOT)) {
      case "none" -> file.checked(() -> Rope.unscaled(theta));
      case "linear" ->
          file.checked(() -> factor == 1 ? Rope.unscaled(theta) : Rope.linear(theta, factor));
      case "yarn" -> yarn(theta, factor);
      default -> throw refused(scaling);
    };
  }

  private Rope yarn(float theta, float factor) {
    String keys = prefix + "scaling.";
    if (metadata.f32(keys + "yarn_ext_factor", 1) != 1) {
      throw refused("yarn with yarn_ext_factor");
    }
    // By what the factor of turned values is less than YaRN's own, as llama.cpp has it.
    float multiplier = metadata.f32(keys + "yarn_log_multiplier", 0);
    double less = 1 + 0.1 * multiplier * StrictMath.log(Math.max(1, factor));
    float slow = metadata.f32(keys + "yarn_beta_slow", 1);
    float fast = metadata.f32(keys + "yarn_beta_fast", 32);
    int original = metadata.u32(keys + "original_context_length");
    float attention = (float) (metadata.f32(keys + "attn_factor", 1) / less);
    return file.checked(() -> Rope.yarn(theta, factor, slow, fast, original, attention));
  }

  private float scalingFactor() {
    float old = metadata.f32(prefix + "scale_linear", 1);
    return metadata.f32(prefix + "scaling.factor", old);
  }

  private List<Float> factors(GgufTensor tensor) {
    if (tensor.type() != GgmlType.F32 || tensor.rows() != 1) {
      throw file.damaged("tensor %s is no row of F32".formatted(tensor.name()));
    }
    MemorySegment data = file.data(tensor);
    List<Float> factors = new ArrayList<>();
    var layout = JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    for (long at = 0; at < data.byteSize(); at += Float.BYTES) {
      factors.add(data.get(layout, at));
    }
    return factors;
  }

  private RuntimeException refused(String what) {
    return file.refused(
        "rope scaling %s is not supported".formatted(what), "look for a file without it");
  }
}
