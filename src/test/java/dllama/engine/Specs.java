package dllama.engine;

import dllama.model.Architecture;
import dllama.model.DeltaNet;
import dllama.model.Layering;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.Rope;
import dllama.model.Scales;
import dllama.model.Sliding;
import dllama.model.TensorTypes;
import dllama.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Small models for tests.
public final class Specs {
  public static final List<Architecture> ARCHITECTURES =
      List.of(
          Architecture.LLAMA,
          Architecture.QWEN3,
          Architecture.QWEN3_MOE,
          Architecture.MIXTRAL,
          Architecture.GROK1,
          Architecture.GEMMA3,
          Architecture.GEMMA4,
          Architecture.GEMMA4_MOE,
          Architecture.GPT_OSS,
          Architecture.QWEN2_MOE,
          Architecture.GLM4_BIAS,
          Architecture.EXAONE4,
          Architecture.GLM4_MOE,
          Architecture.QWEN35,
          Architecture.QWEN3_NEXT);

  /// What feed-forward networks do elsewhere than in a Llama.
  private static final Map<Architecture, Activation> ACTIVATIONS =
      Map.of(
          Architecture.GEMMA3, Activation.GELU,
          Architecture.GEMMA4, Activation.GELU,
          Architecture.GEMMA4_MOE, Activation.GELU,
          Architecture.GPT_OSS, Activation.CLAMPED);

  /// Those in which layers differ.
  private static final Set<Architecture> LAYERED =
      Set.of(Architecture.GEMMA4, Architecture.GEMMA4_MOE);

  /// Made of parts that others have, too.
  private static final Set<Architecture> FEWER_TYPES =
      Set.of(
          Architecture.GLM4_BIAS,
          Architecture.GRANITE,
          Architecture.GRANITE_MOE,
          Architecture.SMOLLM3,
          Architecture.PHI3,
          Architecture.SEED_OSS,
          Architecture.MISTRAL3,
          Architecture.EXAONE4,
          Architecture.HUNYUAN,
          Architecture.HUNYUAN_MOE,
          Architecture.EXAONE,
          Architecture.GLM4_MOE_NORMS,
          Architecture.ERNIE4_5_MOE,
          Architecture.DOTS1);

  private Specs() {}

  /// Types of weights to test an architecture with. How a type is computed has nothing to do with
  /// the architecture: Llama has them all.
  public static List<DType> types(Architecture architecture) {
    if (architecture.equals(Architecture.LLAMA)) {
      return DType.all();
    }
    return FEWER_TYPES.contains(architecture)
        ? List.of(DType.F32, DType.Q4_0)
        : List.of(DType.F32, DType.F16, DType.Q4_0, DType.Q8_0);
  }

  /// For up to 16 nodes, four times as many as kv heads; the vocabulary does not divide. Rows are
  /// whole blocks.
  public static ModelSpec small(DType weightType) {
    return small(weightType, Architecture.LLAMA);
  }

  /// The same with another architecture; where that has experts, six of which two are active, where
  /// layers slide, the first of two; where they differ, four, of which the last two borrow keys.
  public static ModelSpec small(DType weightType, Architecture architecture) {
    return small(TensorTypes.all(weightType), architecture);
  }

  public static ModelSpec small(TensorTypes types, Architecture architecture) {
    boolean experts = architecture.has(Architecture.Trait.EXPERTS);
    int dim = Math.max(64, types.matrices().blockSize());
    // gpt-oss has feed-forward rows that do not divide, and so have some layers of Gemma 4.
    boolean uneven =
        architecture.equals(Architecture.GPT_OSS) || architecture.equals(Architecture.GEMMA4);
    int ffnDim = uneven ? 544 : 512;
    return of(types, architecture, dim, ffnDim, experts ? 6 : 0, 16, 4, 32, 301);
  }

  public static ModelSpec of(
      DType weightType, int dim, int ffnDim, int heads, int kvHeads, int headDim, int vocabSize) {
    TensorTypes types = TensorTypes.all(weightType);
    return of(types, Architecture.LLAMA, dim, ffnDim, 0, heads, kvHeads, headDim, vocabSize);
  }

  private static ModelSpec of(
      TensorTypes types,
      Architecture architecture,
      int dim,
      int ffnDim,
      int experts,
      int heads,
      int kvHeads,
      int headDim,
      int vocabSize) {
    ModelSpec spec =
        new ModelSpec(
            architecture,
            types,
            dim,
            ffnDim,
            experts,
            Math.min(experts, 2),
            LAYERED.contains(architecture) ? 4 : 2,
            heads,
            kvHeads,
            headDim,
            vocabSize,
            96,
            1e-5f,
            ACTIVATIONS.getOrDefault(architecture, Activation.SILU),
            architecture.has(Architecture.Trait.PARTIAL_ROPE)
                ? Rope.unscaled(10000).turning(headDim / 2)
                : Rope.unscaled(10000));
    if (architecture.has(Architecture.Trait.SHARED_EXPERT)) {
      // Wider than the experts, and in blocks that do not divide over nodes.
      spec = spec.with(spec.mixture().withShared(ffnDim + 32));
    }
    if (architecture.has(Architecture.Trait.DELTA_NETS)) {
      // The world of 16 shares key heads.
      int together = architecture.has(Architecture.Trait.GROUPED_VALUE_HEADS) ? 2 : 1;
      spec = spec.with(DeltaNet.of(List.of(true, false), 8, 16, 32, 4, together));
    }
    if (architecture.has(Architecture.Trait.DENSE_LAYERS)) {
      spec = spec.with(spec.mixture().withDense(1, ffnDim + 64));
    }
    if (architecture.has(Architecture.Trait.OWN_SCALES)) {
      spec = spec.with(new Scales(12, 0.7f, 0.25f, 0, 0.22f, 0, 0));
    }
    if (architecture.has(Architecture.Trait.GROWING_QUERIES)) {
      spec = spec.with(Scales.NONE.withTemperature(0.1f, 8));
    }
    boolean slides =
        ACTIVATIONS.containsKey(architecture)
            || architecture.has(Architecture.Trait.ROPE_IN_SLIDING_LAYERS);
    if (!slides) {
      return spec;
    }
    Sliding sliding = Sliding.inPeriods(5, 2, spec.layers(), Rope.unscaled(500));
    return LAYERED.contains(architecture)
        ? layered(spec.with(sliding.withHeads(2 * headDim, 2 * kvHeads)), experts > 0)
        : spec.with(sliding);
  }

  private static ModelSpec layered(ModelSpec spec, boolean experts) {
    int wide = spec.ffnDim();
    Layering layering =
        experts
            ? new Layering(List.of(), 0, true, 0)
            : new Layering(List.of(wide - 32, wide - 32, wide, wide), 2, false, 32);
    return spec.with(layering).with(spec.scales().withCap(3));
  }
}
