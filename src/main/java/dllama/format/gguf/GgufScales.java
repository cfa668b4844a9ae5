package dllama.format.gguf;

import dllama.model.Architecture;
import dllama.model.Architecture.Trait;
import dllama.model.ModelSpec;
import dllama.model.Rope;
import dllama.model.Scales;
import java.util.Set;

/// What a GGUF file says of the factors that its architecture has and others have not. Keys are
/// llama.cpp's, in which 0 stands for none.
final class GgufScales {
  private static final String EMBEDDING = "embedding_scale";
  private static final String RESIDUAL = "residual_scale";
  private static final String LOGITS = "logit_scale";
  private static final String SCORES = "attention.scale";
  private static final String TEMPERATURE = "attention.temperature_scale";

  private static final String CAP = "final_logit_softcapping";

  /// Architectures whose logits may be bounded.
  private static final Set<Architecture> CAPPED =
      Set.of(Architecture.GEMMA3, Architecture.GEMMA4, Architecture.GEMMA4_MOE);

  private static final Set<String> OWN = Set.of(EMBEDDING, RESIDUAL, LOGITS, SCORES);

  private final GgufFile file;
  private final GgufMetadata metadata;
  private final String prefix;

  GgufScales(GgufFile file) {
    this.file = file;
    metadata = file.metadata();
    prefix = file.architecture() + ".";
  }

  /// Whether a key is one that files of an architecture may have.
  ///
  /// @param key without the architecture in front
  static boolean knows(String key, Architecture architecture) {
    return (CAPPED.contains(architecture) && CAP.equals(key))
        || (architecture.has(Trait.OWN_SCALES) && OWN.contains(key))
        || (architecture.has(Trait.GROWING_QUERIES) && TEMPERATURE.equals(key));
  }

  /// @param rope of the model, which says from where on queries grow
  Scales read(Architecture architecture, int dim, int heads, int headDim, int layers, Rope rope) {
    Scales own = architecture.scales(dim);
    if (architecture.has(Trait.OWN_SCALES)) {
      double root = Math.sqrt(headDim);
      return file.checked(
          () ->
              new Scales(
                  value(EMBEDDING),
                  (float) (metadata.f32(prefix + SCORES, 0) == 0 ? 1 : value(SCORES) * root),
                  1 / value(LOGITS),
                  0,
                  value(RESIDUAL),
                  0,
                  0));
    }
    float temperature = metadata.f32(prefix + TEMPERATURE, 0);
    if (architecture.has(Trait.GROWING_QUERIES) && temperature != 0) {
      return file.checked(() -> own.withTemperature(temperature, rope.originalContextLength()));
    }
    float cap = CAPPED.contains(architecture) ? metadata.f32(prefix + CAP, 0) : 0;
    if (cap != 0) {
      return file.checked(() -> own.withCap(cap));
    }
    // Gemma 3's largest model alone has scores that are scaled by what is not the size of a head,
    // and no key tells it; as llama.cpp, by the number of layers.
    boolean largest = architecture.equals(Architecture.GEMMA3) && layers == 62;
    return largest ? own.withQuery((float) Math.sqrt((double) headDim * heads / dim)) : own;
  }

  private float value(String key) {
    float value = metadata.f32(prefix + key, 0);
    return value == 0 ? 1 : value;
  }

  /// The keys of a model that [#read] reads.
  static void put(GgufHeaderWriter header, String family, ModelSpec spec) {
    Scales scales = spec.scales();
    if (spec.architecture().has(Trait.OWN_SCALES)) {
      header
          .put(family + "." + EMBEDDING, scales.embedding())
          .put(family + "." + RESIDUAL, scales.residual())
          .put(family + "." + LOGITS, 1 / scales.logits())
          .put(family + "." + SCORES, (float) (scales.query() / Math.sqrt(spec.headDim())));
    }
    if (scales.cap() != 0) {
      header.put(family + "." + CAP, scales.cap());
    }
    if (scales.temperature() != 0) {
      header.put(family + "." + TEMPERATURE, scales.temperature());
    }
  }
}
