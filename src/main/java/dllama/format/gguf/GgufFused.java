package dllama.format.gguf;

import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Matrices with the same input that are one tensor in files of some architectures, row after row,
/// and vectors that are one, value after value.
///
/// @param name without the layer
record GgufFused(String name, List<TensorRole> parts) {
  private static final GgufFused GATE_UP =
      new GgufFused("ffn_up.weight", List.of(TensorRole.W1, TensorRole.W3));

  private static final GgufFused QUERY_KEY_VALUE =
      new GgufFused("attn_qkv.weight", List.of(TensorRole.WQ, TensorRole.WK, TensorRole.WV));
  /// Of each expert.
  private static final GgufFused EXPERTS_GATE_UP =
      new GgufFused("ffn_gate_up_exps.weight", List.of(TensorRole.W1, TensorRole.W3));

  private static final Map<Architecture, List<GgufFused>> USUAL =
      Map.of(
          Architecture.GLM4, List.of(GATE_UP),
          Architecture.GLM4_BIAS, List.of(GATE_UP),
          Architecture.PHI3, List.of(QUERY_KEY_VALUE, GATE_UP),
          Architecture.GEMMA4_MOE, List.of(EXPERTS_GATE_UP));

  /// That which files of an architecture have a tensor in.
  static Optional<GgufFused> of(Architecture architecture, TensorRole role) {
    return USUAL.getOrDefault(architecture, List.of()).stream()
        .filter(fused -> fused.parts.contains(role))
        .findFirst();
  }

  String name(int layer) {
    return "blk.%d.%s".formatted(layer, name);
  }

  /// Rows of all parts, or values of all vectors.
  long size(ModelSpec spec) {
    return parts.stream().mapToLong(part -> size(part, spec)).sum();
  }

  /// Those of the parts before one.
  long before(TensorRole role, ModelSpec spec) {
    return parts.stream().takeWhile(part -> part != role).mapToLong(part -> size(part, spec)).sum();
  }

  /// Rows of a matrix, or values of a vector.
  static long size(TensorRole role, ModelSpec spec) {
    return (role.isVector() ? role.cols() : role.rows()).size(spec);
  }
}
