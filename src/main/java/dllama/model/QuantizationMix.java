package dllama.model;

import dllama.tensor.DType;
import java.util.stream.IntStream;

/// Mixes of types that GGUF files have, by the names of llama-quantize (`llama_tensor_get_type` of
/// llama.cpp b4748; MXFP4_MOE is newer).
public final class QuantizationMix {
  /// Of a model of this size eight query heads share a value head, whose matrix is small then.
  private static final int LAYERS_OF_70B = 80;

  private static final int EXPERTS_OF_MIXTRAL = 8;

  private QuantizationMix() {}

  /// A model as gpt-oss is published: experts in MXFP4, and all else with twice as many bits.
  public static ModelSpec mxfp4Moe(ModelSpec spec) {
    TensorTypes types = TensorTypes.all(DType.Q8_0).with(TensorRole.EMBEDDING, DType.Q8_0);
    for (TensorRole role : TensorRole.values()) {
      if (role.isOfExpert(spec.architecture()) && !role.isVector()) {
        types = types.with(role, DType.MXFP4);
      }
    }
    return spec.with(types, spec.rope());
  }

  /// A model with weights of Q4_K_M, the mix that most files have: some matrices that matter much
  /// have more bits, in about half of the layers.
  public static ModelSpec q4km(ModelSpec spec) {
    TensorTypes types = TensorTypes.all(DType.Q4_K);
    for (TensorRole role : TensorRole.ofAnyLayer(spec)) {
      if (role.isMultiplied() && !role.isPlain(spec.architecture())) {
        int layers = role.isInLayer() ? spec.layers() : 1;
        types =
            types.with(
                role,
                IntStream.range(0, layers)
                    .mapToObj(
                        layer -> fitting(type(role, layer, spec), role.cols().size(spec, layer)))
                    .toArray(DType[]::new));
      }
    }
    DType embedding = fitting(DType.Q4_K, spec.dim());
    return spec.with(types.with(TensorRole.EMBEDDING, embedding), spec.rope());
  }

  private static DType type(TensorRole role, int layer, ModelSpec spec) {
    boolean mixtral = spec.experts() == EXPERTS_OF_MIXTRAL;
    boolean more = hasMoreBits(layer, spec.layers());
    return switch (role) {
      case ROUTER -> DType.F32;
      case WCLS -> DType.Q6_K;
      case W2 -> more ? DType.Q6_K : DType.Q4_K;
      case WK -> mixtral ? DType.Q8_0 : DType.Q4_K;
      case WO -> mixtral ? DType.Q5_K : DType.Q4_K;
      case WV -> {
        DType less = spec.layers() == LAYERS_OF_70B ? DType.Q5_K : DType.Q4_K;
        yield mixtral ? DType.Q8_0 : more ? DType.Q6_K : less;
      }
      default -> DType.Q4_K;
    };
  }

  /// The first and last eighth of the layers, and every third between.
  private static boolean hasMoreBits(int layer, int layers) {
    int eighth = layers / 8;
    return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
  }

  /// Blocks of 32 where rows are no whole blocks of 256.
  private static DType fitting(DType type, long cols) {
    if (cols % type.blockSize() == 0) {
      return type;
    }
    return type.equals(DType.Q6_K) ? DType.Q8_0 : type.equals(DType.Q5_K) ? DType.Q5_1 : DType.Q5_0;
  }
}
