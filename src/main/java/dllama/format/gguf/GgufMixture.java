package dllama.format.gguf;

import dllama.model.Architecture;
import dllama.model.Architecture.Trait;
import dllama.model.Mixture;
import dllama.model.Mixture.Scores;
import dllama.model.ModelSpec;
import java.util.Set;

/// What a GGUF file says of a mixture of experts beside how many there are. Keys and defaults are
/// llama.cpp's.
final class GgufMixture {
  private static final String SHARED = "expert_shared_feed_forward_length";
  private static final String SHARED_COUNT = "expert_shared_count";
  private static final String DENSE_LAYERS = "leading_dense_block_count";
  private static final String SCORES = "expert_gating_func";
  private static final String RENORMED = "expert_weights_norm";
  private static final String SCALE = "expert_weights_scale";

  private static final int SOFTMAX = 1;
  private static final int SIGMOID = 2;

  private static final Set<String> OF_SHARES = Set.of(SCORES, RENORMED, SCALE);

  private final GgufFile file;
  private final GgufMetadata metadata;
  private final String prefix;

  GgufMixture(GgufFile file) {
    this.file = file;
    metadata = file.metadata();
    prefix = file.architecture() + ".";
  }

  /// Whether a key is one that files of an architecture may have.
  ///
  /// @param key without the architecture in front
  static boolean knows(String key, Architecture architecture) {
    return switch (key) {
      case SHARED, SHARED_COUNT -> architecture.has(Trait.SHARED_EXPERT);
      case DENSE_LAYERS -> architecture.has(Trait.DENSE_LAYERS);
      default -> OF_SHARES.contains(key) && architecture.has(Trait.SIGMOID_SCORES);
    };
  }

  /// @param expert width of an expert
  Mixture read(Architecture architecture, int expert) {
    Mixture plain = architecture.mixture();
    Mixture mixture = architecture.has(Trait.SIGMOID_SCORES) ? scored(plain) : plain;
    int shared = architecture.has(Trait.SHARED_EXPERT) ? shared(architecture, expert) : 0;
    int layers = architecture.has(Trait.DENSE_LAYERS) ? metadata.u32(prefix + DENSE_LAYERS, 0) : 0;
    int dense = layers > 0 ? metadata.u32(prefix + "feed_forward_length") : 0;
    return file.checked(() -> mixture.withShared(shared).withDense(layers, dense));
  }

  private int shared(Architecture architecture, int expert) {
    // With a gate, or norms, there always is one, as wide as a dense layer would be.
    int otherwise =
        architecture.has(Trait.SHARED_EXPERT_GATE) || architecture.has(Trait.SHARED_EXPERT_NORMS)
            ? metadata.u32(prefix + "feed_forward_length")
            : Math.multiplyExact(metadata.u32(prefix + SHARED_COUNT, 0), expert);
    return metadata.u32(prefix + SHARED, otherwise);
  }

  private Mixture scored(Mixture plain) {
    int function = metadata.u32(prefix + SCORES, SIGMOID);
    if (function != SOFTMAX && function != SIGMOID) {
      throw file.refused(
          "%s%s is %d, which is not supported yet".formatted(prefix, SCORES, function),
          "its answers would be wrong");
    }
    Scores scores = function == SIGMOID ? Scores.SIGMOID : Scores.SOFTMAX;
    float scale = metadata.f32(prefix + SCALE, 1);
    return file.checked(
        () ->
            plain.scored(scores, metadata.bool(prefix + RENORMED, false), scale == 0 ? 1 : scale));
  }

  /// The keys of a model that [#read] reads.
  static void put(GgufHeaderWriter header, String family, ModelSpec spec) {
    Mixture mixture = spec.mixture();
    if (mixture.shared() > 0) {
      header.put(family + "." + SHARED, mixture.shared());
      header.put(family + "." + SHARED_COUNT, Math.max(1, mixture.shared() / spec.ffnDim()));
    }
    if (spec.architecture().has(Trait.DENSE_LAYERS)) {
      header
          .put(family + "." + DENSE_LAYERS, mixture.denseLayers())
          .put(family + ".interleave_moe_layer_step", 1);
    }
    if (spec.architecture().has(Trait.SIGMOID_SCORES)) {
      header
          .put(family + "." + SCORES, mixture.scores() == Scores.SIGMOID ? SIGMOID : SOFTMAX)
          .put(family + "." + RENORMED, mixture.renormed())
          .put(family + "." + SCALE, mixture.scale());
    }
  }
}
