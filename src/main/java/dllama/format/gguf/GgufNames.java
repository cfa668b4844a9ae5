package dllama.format.gguf;

import dllama.model.Architecture;
import dllama.model.TensorRole;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// What tensors are called in GGUF files.
final class GgufNames {
  static final String ROPE_FACTORS = "rope_freqs.weight";

  /// Of contexts as in training, and of longer ones.
  static final List<String> LONG_ROPE_FACTORS =
      List.of("rope_factors_short.weight", "rope_factors_long.weight");

  private static final String STACKED = "_exps";

  /// The norm before the feed-forward, called after what it follows.
  private static final Map<TensorRole, String> NORM_AFTER_ATTENTION =
      Map.of(TensorRole.FFN_NORM, "post_attention_norm.weight");

  private static final Map<TensorRole, String> NAMES = new EnumMap<>(TensorRole.class);

  /// Names that an architecture has for something else than others.
  private static final Map<Architecture, Map<TensorRole, String>> OTHERS =
      Map.of(
          Architecture.GPT_OSS,
          NORM_AFTER_ATTENTION,
          Architecture.SEED_OSS,
          NORM_AFTER_ATTENTION,
          Architecture.GLM4_MOE,
          NORM_AFTER_ATTENTION,
          Architecture.GLM4_MOE_NORMS,
          NORM_AFTER_ATTENTION,
          Architecture.QWEN35,
          NORM_AFTER_ATTENTION,
          Architecture.QWEN35_MOE,
          NORM_AFTER_ATTENTION,
          Architecture.QWEN3_NEXT,
          NORM_AFTER_ATTENTION,
          Architecture.GEMMA4_MOE,
          Map.of(
              TensorRole.SHARED_W1, "ffn_gate.weight",
              TensorRole.SHARED_W3, "ffn_up.weight",
              TensorRole.SHARED_W2, "ffn_down.weight"));

  static {
    NAMES.put(TensorRole.EMBEDDING, "token_embd.weight");
    NAMES.put(TensorRole.FINAL_NORM, "output_norm.weight");
    NAMES.put(TensorRole.WCLS, "output.weight");
    NAMES.put(TensorRole.ATTENTION_NORM, "attn_norm.weight");
    NAMES.put(TensorRole.WQ, "attn_q.weight");
    NAMES.put(TensorRole.GATED_WQ, "attn_q.weight");
    NAMES.put(TensorRole.WK, "attn_k.weight");
    NAMES.put(TensorRole.WV, "attn_v.weight");
    NAMES.put(TensorRole.QUERY_BIAS, "attn_q.bias");
    NAMES.put(TensorRole.KEY_BIAS, "attn_k.bias");
    NAMES.put(TensorRole.VALUE_BIAS, "attn_v.bias");
    NAMES.put(TensorRole.QUERY_NORM, "attn_q_norm.weight");
    NAMES.put(TensorRole.KEY_NORM, "attn_k_norm.weight");
    NAMES.put(TensorRole.WO, "attn_output.weight");
    NAMES.put(TensorRole.ATTENTION_SINKS, "attn_sinks.weight");
    NAMES.put(TensorRole.ATTENTION_OUTPUT_BIAS, "attn_output.bias");
    NAMES.put(TensorRole.ATTENTION_OUTPUT_NORM, "post_attention_norm.weight");
    NAMES.put(TensorRole.DELTA_INPUT, "attn_qkv.weight");
    NAMES.put(TensorRole.DELTA_GATE, "attn_gate.weight");
    NAMES.put(TensorRole.DELTA_BETA, "ssm_beta.weight");
    NAMES.put(TensorRole.DELTA_ALPHA, "ssm_alpha.weight");
    NAMES.put(TensorRole.DELTA_FILTER, "ssm_conv1d.weight");
    NAMES.put(TensorRole.DELTA_DECAY, "ssm_a");
    NAMES.put(TensorRole.DELTA_ALPHA_BIAS, "ssm_dt.bias");
    NAMES.put(TensorRole.DELTA_NORM, "ssm_norm.weight");
    NAMES.put(TensorRole.DELTA_OUTPUT, "ssm_out.weight");
    NAMES.put(TensorRole.FFN_NORM, "ffn_norm.weight");
    NAMES.put(TensorRole.FFN_OUTPUT_NORM, "post_ffw_norm.weight");
    NAMES.put(TensorRole.SHARED_OUTPUT_NORM, "post_ffw_norm_1.weight");
    NAMES.put(TensorRole.EXPERTS_NORM, "pre_ffw_norm_2.weight");
    NAMES.put(TensorRole.EXPERTS_OUTPUT_NORM, "post_ffw_norm_2.weight");
    NAMES.put(TensorRole.EXPERT_SCALES, "ffn_down_exps.scale");
    NAMES.put(TensorRole.ROUTER_NORM, "ffn_gate_inp.scale");
    NAMES.put(TensorRole.LAYER_EMBEDDING, "per_layer_token_embd.weight");
    NAMES.put(TensorRole.LAYER_PROJECTION, "per_layer_model_proj.weight");
    NAMES.put(TensorRole.LAYER_PROJECTION_NORM, "per_layer_proj_norm.weight");
    NAMES.put(TensorRole.INPUT_GATE, "inp_gate.weight");
    NAMES.put(TensorRole.INPUT_PROJECTION, "proj.weight");
    NAMES.put(TensorRole.INPUT_NORM, "post_norm.weight");
    NAMES.put(TensorRole.LAYER_SCALE, "layer_output_scale.weight");
    NAMES.put(TensorRole.ROUTER, "ffn_gate_inp.weight");
    NAMES.put(TensorRole.ROUTER_BIAS, "ffn_gate_inp.bias");
    NAMES.put(TensorRole.CHOICE_BIAS, "exp_probs_b.bias");
    NAMES.put(TensorRole.W1, "ffn_gate.weight");
    NAMES.put(TensorRole.W3, "ffn_up.weight");
    NAMES.put(TensorRole.W2, "ffn_down.weight");
    NAMES.put(TensorRole.W1_BIAS, "ffn_gate.bias");
    NAMES.put(TensorRole.W3_BIAS, "ffn_up.bias");
    NAMES.put(TensorRole.W2_BIAS, "ffn_down.bias");
    NAMES.put(TensorRole.DENSE_W1, "ffn_gate.weight");
    NAMES.put(TensorRole.DENSE_W3, "ffn_up.weight");
    NAMES.put(TensorRole.DENSE_W2, "ffn_down.weight");
    NAMES.put(TensorRole.SHARED_W1, "ffn_gate_shexp.weight");
    NAMES.put(TensorRole.SHARED_W3, "ffn_up_shexp.weight");
    NAMES.put(TensorRole.SHARED_W2, "ffn_down_shexp.weight");
    NAMES.put(TensorRole.SHARED_GATE, "ffn_gate_inp_shexp.weight");
  }

  private GgufNames() {}

  /// The name of a tensor outside the experts.
  static String of(Architecture architecture, TensorRole role, int layer) {
    Map<TensorRole, String> others = OTHERS.getOrDefault(architecture, Map.of());
    String name = others.getOrDefault(role, NAMES.get(role));
    if (name == null) {
      throw new IllegalArgumentException("no name of " + role);
    }
    return role.isInLayer() ? "blk.%d.%s".formatted(layer, name) : name;
  }

  /// The tensor that holds all experts of a layer, one after the other.
  static String ofExperts(Architecture architecture, TensorRole role, int layer) {
    String name = of(architecture, role, layer);
    int suffix = name.lastIndexOf('.');
    return name.substring(0, suffix) + STACKED + name.substring(suffix);
  }

  /// Whether a tensor of this name holds all experts of a layer.
  static boolean isOfExperts(String name) {
    return name.contains(STACKED + ".");
  }

  /// One expert's, in files that are older than tensors with three axes.
  static String ofExpert(Architecture architecture, TensorRole role, int layer, int expert) {
    return of(architecture, role, layer).replace(".weight", "." + expert + ".weight");
  }
}
