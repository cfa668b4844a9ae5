package dllama.format.gguf;

import dllama.model.TensorRole;
import java.util.EnumMap;
import java.util.Map;

/// What tensors are called in GGUF files.
final class GgufNames {
  static final String ROPE_FACTORS = "rope_freqs.weight";

  private static final Map<TensorRole, String> NAMES = new EnumMap<>(TensorRole.class);

  static {
    NAMES.put(TensorRole.EMBEDDING, "token_embd.weight");
    NAMES.put(TensorRole.FINAL_NORM, "output_norm.weight");
    NAMES.put(TensorRole.WCLS, "output.weight");
    NAMES.put(TensorRole.ATTENTION_NORM, "attn_norm.weight");
    NAMES.put(TensorRole.WQ, "attn_q.weight");
    NAMES.put(TensorRole.WK, "attn_k.weight");
    NAMES.put(TensorRole.WV, "attn_v.weight");
    NAMES.put(TensorRole.QUERY_BIAS, "attn_q.bias");
    NAMES.put(TensorRole.KEY_BIAS, "attn_k.bias");
    NAMES.put(TensorRole.VALUE_BIAS, "attn_v.bias");
    NAMES.put(TensorRole.QUERY_NORM, "attn_q_norm.weight");
    NAMES.put(TensorRole.KEY_NORM, "attn_k_norm.weight");
    NAMES.put(TensorRole.WO, "attn_output.weight");
    NAMES.put(TensorRole.ATTENTION_OUTPUT_BIAS, "attn_output.bias");
    NAMES.put(TensorRole.FFN_NORM, "ffn_norm.weight");
    NAMES.put(TensorRole.ROUTER, "ffn_gate_inp.weight");
    NAMES.put(TensorRole.W1, "ffn_gate.weight");
    NAMES.put(TensorRole.W3, "ffn_up.weight");
    NAMES.put(TensorRole.W2, "ffn_down.weight");
  }

  private GgufNames() {}

  /// The name of a tensor outside the experts.
  static String of(TensorRole role, int layer) {
    String name = NAMES.get(role);
    if (name == null) {
      throw new IllegalArgumentException("no name of " + role);
    }
    return role.isInLayer() ? "blk.%d.%s".formatted(layer, name) : name;
  }

  /// The tensor that holds all experts of a layer, one after the other.
  static String ofExperts(TensorRole role, int layer) {
    return of(role, layer).replace(".weight", "_exps.weight");
  }

  /// One expert's, in files that are older than tensors with three axes.
  static String ofExpert(TensorRole role, int layer, int expert) {
    return of(role, layer).replace(".weight", "." + expert + ".weight");
  }
}
