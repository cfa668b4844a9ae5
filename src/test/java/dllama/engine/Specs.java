package dllama.engine;

import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.Rope;
import dllama.model.Sliding;
import dllama.model.TensorTypes;
import dllama.tensor.DType;
import java.util.List;
import java.util.Map;

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
          Architecture.GPT_OSS,
          Architecture.QWEN2_MOE,
          Architecture.GLM4_BIAS);

  /// What feed-forward networks do elsewhere than in a Llama.
  private static final Map<Architecture, Activation> ACTIVATIONS =
      Map.of(Architecture.GEMMA3, Activation.GELU, Architecture.GPT_OSS, Activation.CLAMPED);

  private Specs() {}

  /// Types of weights to test an architecture with. How a type is computed has nothing to do with
  /// the architecture: Llama has them all.
  public static List<DType> types(Architecture architecture) {
    return architecture.equals(Architecture.LLAMA)
        ? DType.all()
        : List.of(DType.F32, DType.F16, DType.Q4_0, DType.Q8_0);
  }

  /// For up to 16 nodes, four times as many as kv heads; the vocabulary does not divide. Rows are
  /// whole blocks.
  public static ModelSpec small(DType weightType) {
    return small(weightType, Architecture.LLAMA);
  }

  /// The same with another architecture; where that has experts, six of which two are active, where
  /// layers slide, the first of two.
  public static ModelSpec small(DType weightType, Architecture architecture) {
    return small(TensorTypes.all(weightType), architecture);
  }

  public static ModelSpec small(TensorTypes types, Architecture architecture) {
    boolean experts = architecture.has(Architecture.Trait.EXPERTS);
    int dim = Math.max(64, types.matrices().blockSize());
    // gpt-oss has feed-forward rows that do not divide.
    int ffnDim = architecture.equals(Architecture.GPT_OSS) ? 544 : 512;
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
            2,
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
    return ACTIVATIONS.containsKey(architecture)
        ? spec.with(Sliding.inPeriods(5, 2, 2, Rope.unscaled(500)))
        : spec;
  }
}
