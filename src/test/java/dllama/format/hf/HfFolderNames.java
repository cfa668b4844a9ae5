package dllama.format.hf;

import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import java.util.Map;

/// What transformers calls tensors.
final class HfFolderNames {
  private static final Map<TensorRole, String> NAMES =
      Map.ofEntries(
          Map.entry(TensorRole.EMBEDDING, "model.embed_tokens.weight"),
          Map.entry(TensorRole.FINAL_NORM, "model.norm.weight"),
          Map.entry(TensorRole.WCLS, "lm_head.weight"),
          Map.entry(TensorRole.ATTENTION_NORM, "model.layers.%d.input_layernorm.weight"),
          Map.entry(TensorRole.WQ, "model.layers.%d.self_attn.q_proj.weight"),
          Map.entry(TensorRole.WK, "model.layers.%d.self_attn.k_proj.weight"),
          Map.entry(TensorRole.WV, "model.layers.%d.self_attn.v_proj.weight"),
          Map.entry(TensorRole.QUERY_BIAS, "model.layers.%d.self_attn.q_proj.bias"),
          Map.entry(TensorRole.KEY_BIAS, "model.layers.%d.self_attn.k_proj.bias"),
          Map.entry(TensorRole.VALUE_BIAS, "model.layers.%d.self_attn.v_proj.bias"),
          Map.entry(TensorRole.QUERY_NORM, "model.layers.%d.self_attn.q_norm.weight"),
          Map.entry(TensorRole.KEY_NORM, "model.layers.%d.self_attn.k_norm.weight"),
          Map.entry(TensorRole.WO, "model.layers.%d.self_attn.o_proj.weight"),
          Map.entry(TensorRole.ATTENTION_OUTPUT_BIAS, "model.layers.%d.self_attn.o_proj.bias"),
          Map.entry(TensorRole.GATED_WQ, "model.layers.%d.self_attn.q_proj.weight"),
          Map.entry(TensorRole.ATTENTION_SINKS, "model.layers.%d.self_attn.sinks"),
          Map.entry(TensorRole.DELTA_INPUT, "model.layers.%d.linear_attn.in_proj_qkv.weight"),
          Map.entry(TensorRole.DELTA_GATE, "model.layers.%d.linear_attn.in_proj_z.weight"),
          Map.entry(TensorRole.DELTA_BETA, "model.layers.%d.linear_attn.in_proj_b.weight"),
          Map.entry(TensorRole.DELTA_ALPHA, "model.layers.%d.linear_attn.in_proj_a.weight"),
          Map.entry(TensorRole.DELTA_FILTER, "model.layers.%d.linear_attn.conv1d.weight"),
          Map.entry(TensorRole.DELTA_DECAY, "model.layers.%d.linear_attn.A_log"),
          Map.entry(TensorRole.DELTA_ALPHA_BIAS, "model.layers.%d.linear_attn.dt_bias"),
          Map.entry(TensorRole.DELTA_NORM, "model.layers.%d.linear_attn.norm.weight"),
          Map.entry(TensorRole.DELTA_OUTPUT, "model.layers.%d.linear_attn.out_proj.weight"),
          Map.entry(TensorRole.FFN_NORM, "model.layers.%d.post_attention_layernorm.weight"),
          Map.entry(TensorRole.W1, "model.layers.%d.mlp.gate_proj.weight"),
          Map.entry(TensorRole.W3, "model.layers.%d.mlp.up_proj.weight"),
          Map.entry(TensorRole.W2, "model.layers.%d.mlp.down_proj.weight"));

  private static final Map<TensorRole, String> OF_QWEN3_MOE =
      Map.of(
          TensorRole.ROUTER, "model.layers.%d.mlp.gate.weight",
          TensorRole.W1, "model.layers.%d.mlp.experts.%d.gate_proj.weight",
          TensorRole.W3, "model.layers.%d.mlp.experts.%d.up_proj.weight",
          TensorRole.W2, "model.layers.%d.mlp.experts.%d.down_proj.weight");

  private static final Map<TensorRole, String> OF_MIXTRAL =
      Map.of(
          TensorRole.ROUTER, "model.layers.%d.block_sparse_moe.gate.weight",
          TensorRole.W1, "model.layers.%d.block_sparse_moe.experts.%d.w1.weight",
          TensorRole.W3, "model.layers.%d.block_sparse_moe.experts.%d.w3.weight",
          TensorRole.W2, "model.layers.%d.block_sparse_moe.experts.%d.w2.weight");

  private static final Map<TensorRole, String> OF_QWEN2_MOE =
      Map.of(
          TensorRole.SHARED_W1, "model.layers.%d.mlp.shared_expert.gate_proj.weight",
          TensorRole.SHARED_W3, "model.layers.%d.mlp.shared_expert.up_proj.weight",
          TensorRole.SHARED_W2, "model.layers.%d.mlp.shared_expert.down_proj.weight",
          TensorRole.SHARED_GATE, "model.layers.%d.mlp.shared_expert_gate.weight");

  private static final Map<TensorRole, String> OF_PHI3 =
      Map.of(
          TensorRole.WQ, "model.layers.%d.self_attn.qkv_proj.weight",
          TensorRole.WK, "model.layers.%d.self_attn.qkv_proj.weight",
          TensorRole.WV, "model.layers.%d.self_attn.qkv_proj.weight",
          TensorRole.W1, "model.layers.%d.mlp.gate_up_proj.weight",
          TensorRole.W3, "model.layers.%d.mlp.gate_up_proj.weight");

  private static final Map<TensorRole, String> OF_GLM4 =
      Map.of(
          TensorRole.ATTENTION_OUTPUT_NORM, "model.layers.%d.post_self_attn_layernorm.weight",
          TensorRole.FFN_OUTPUT_NORM, "model.layers.%d.post_mlp_layernorm.weight",
          TensorRole.W1, "model.layers.%d.mlp.gate_up_proj.weight",
          TensorRole.W3, "model.layers.%d.mlp.gate_up_proj.weight");

  private static final Map<TensorRole, String> OF_GEMMA3 =
      Map.of(
          TensorRole.ATTENTION_OUTPUT_NORM, "model.layers.%d.post_attention_layernorm.weight",
          TensorRole.FFN_NORM, "model.layers.%d.pre_feedforward_layernorm.weight",
          TensorRole.FFN_OUTPUT_NORM, "model.layers.%d.post_feedforward_layernorm.weight");

  /// Tensors of all experts.
  private static final Map<TensorRole, String> OF_GPT_OSS =
      Map.of(
          TensorRole.ROUTER, "model.layers.%d.mlp.router.weight",
          TensorRole.ROUTER_BIAS, "model.layers.%d.mlp.router.bias",
          TensorRole.W1, "model.layers.%d.mlp.experts.gate_up_proj",
          TensorRole.W3, "model.layers.%d.mlp.experts.gate_up_proj",
          TensorRole.W2, "model.layers.%d.mlp.experts.down_proj",
          TensorRole.W1_BIAS, "model.layers.%d.mlp.experts.gate_up_proj_bias",
          TensorRole.W3_BIAS, "model.layers.%d.mlp.experts.gate_up_proj_bias",
          TensorRole.W2_BIAS, "model.layers.%d.mlp.experts.down_proj_bias");

  private static final Map<TensorRole, String> OF_GEMMA4 =
      Map.of(
          TensorRole.LAYER_EMBEDDING, "model.embed_tokens_per_layer.weight",
          TensorRole.LAYER_PROJECTION, "model.per_layer_model_projection.weight",
          TensorRole.LAYER_PROJECTION_NORM, "model.per_layer_projection_norm.weight",
          TensorRole.INPUT_GATE, "model.layers.%d.per_layer_input_gate.weight",
          TensorRole.INPUT_PROJECTION, "model.layers.%d.per_layer_projection.weight",
          TensorRole.INPUT_NORM, "model.layers.%d.post_per_layer_input_norm.weight",
          TensorRole.LAYER_SCALE, "model.layers.%d.layer_scalar");

  private static final Map<TensorRole, String> OF_GEMMA4_MOE =
      Map.ofEntries(
          Map.entry(
              TensorRole.SHARED_OUTPUT_NORM, "model.layers.%d.post_feedforward_layernorm_1.weight"),
          Map.entry(TensorRole.EXPERTS_NORM, "model.layers.%d.pre_feedforward_layernorm_2.weight"),
          Map.entry(
              TensorRole.EXPERTS_OUTPUT_NORM,
              "model.layers.%d.post_feedforward_layernorm_2.weight"),
          Map.entry(TensorRole.ROUTER, "model.layers.%d.router.proj.weight"),
          Map.entry(TensorRole.ROUTER_NORM, "model.layers.%d.router.scale"),
          Map.entry(TensorRole.EXPERT_SCALES, "model.layers.%d.router.per_expert_scale"),
          Map.entry(TensorRole.W1, "model.layers.%d.experts.gate_up_proj"),
          Map.entry(TensorRole.W3, "model.layers.%d.experts.gate_up_proj"),
          Map.entry(TensorRole.W2, "model.layers.%d.experts.down_proj"),
          Map.entry(TensorRole.SHARED_W1, "model.layers.%d.mlp.gate_proj.weight"),
          Map.entry(TensorRole.SHARED_W3, "model.layers.%d.mlp.up_proj.weight"),
          Map.entry(TensorRole.SHARED_W2, "model.layers.%d.mlp.down_proj.weight"));

  /// Tensors of several matrices, key head after key head.
  private static final Map<TensorRole, String> OF_QWEN3_NEXT =
      Map.of(
          TensorRole.DELTA_INPUT, "model.layers.%d.linear_attn.in_proj_qkvz.weight",
          TensorRole.DELTA_GATE, "model.layers.%d.linear_attn.in_proj_qkvz.weight",
          TensorRole.DELTA_BETA, "model.layers.%d.linear_attn.in_proj_ba.weight",
          TensorRole.DELTA_ALPHA, "model.layers.%d.linear_attn.in_proj_ba.weight");

  private HfFolderNames() {}

  static String of(ModelSpec spec, TensorRole.Name name) {
    String pattern =
        switch (spec.architecture().name()) {
          case "qwen3next" ->
              OF_QWEN3_NEXT.getOrDefault(
                  name.role(),
                  OF_QWEN2_MOE.getOrDefault(
                      name.role(), OF_QWEN3_MOE.getOrDefault(name.role(), NAMES.get(name.role()))));
          case "qwen3moe" -> OF_QWEN3_MOE.getOrDefault(name.role(), NAMES.get(name.role()));
          case "qwen2moe", "qwen35moe" ->
              OF_QWEN2_MOE.getOrDefault(
                  name.role(), OF_QWEN3_MOE.getOrDefault(name.role(), NAMES.get(name.role())));
          case "phi3" -> OF_PHI3.getOrDefault(name.role(), NAMES.get(name.role()));
          case "gemma3" -> OF_GEMMA3.getOrDefault(name.role(), NAMES.get(name.role()));
          case "glm4" -> OF_GLM4.getOrDefault(name.role(), NAMES.get(name.role()));
          case "gpt-oss" -> OF_GPT_OSS.getOrDefault(name.role(), NAMES.get(name.role()));
          case "gemma4moe" ->
              OF_GEMMA4_MOE.getOrDefault(
                  name.role(),
                  OF_GEMMA4.getOrDefault(
                      name.role(), OF_GEMMA3.getOrDefault(name.role(), NAMES.get(name.role()))));
          case "gemma4" ->
              OF_GEMMA4.getOrDefault(
                  name.role(), OF_GEMMA3.getOrDefault(name.role(), NAMES.get(name.role())));
          case "llama-moe" -> OF_MIXTRAL.getOrDefault(name.role(), NAMES.get(name.role()));
          default -> NAMES.get(name.role());
        };
    return pattern.formatted(name.layer(), name.expert());
  }
}
