package dllama.format.hf;

import static java.util.Map.entry;

import dllama.model.TensorRole;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What tensors are called in folders; those of layers without the layer in front, those of experts
/// with a place for its number.
///
/// @param names of roles
/// @param otherNames which tensors may have instead, as programs of other years wrote them
/// @param fused matrices that are one tensor
record HfNames(
    Map<TensorRole, String> names,
    Map<TensorRole, List<String>> otherNames,
    List<HfNames.Fused> fused) {
  /// Matrices that are one tensor, row after row, or of delta networks key head after key head
  /// ([KeyHeadRows]).
  ///
  /// @param name within the layer
  record Fused(String name, List<TensorRole> parts, boolean byKeyHead) {
    Fused(String name, List<TensorRole> parts) {
      this(name, parts, false);
    }
  }

  private static final Map<TensorRole, String> USUAL =
      Map.ofEntries(
          entry(TensorRole.EMBEDDING, "embed_tokens.weight"),
          entry(TensorRole.LAYER_EMBEDDING, "embed_tokens_per_layer.weight"),
          entry(TensorRole.LAYER_PROJECTION, "per_layer_model_projection.weight"),
          entry(TensorRole.LAYER_PROJECTION_NORM, "per_layer_projection_norm.weight"),
          entry(TensorRole.FINAL_NORM, "norm.weight"),
          entry(TensorRole.ATTENTION_NORM, "input_layernorm.weight"),
          entry(TensorRole.WQ, "self_attn.q_proj.weight"),
          entry(TensorRole.GATED_WQ, "self_attn.q_proj.weight"),
          entry(TensorRole.WK, "self_attn.k_proj.weight"),
          entry(TensorRole.WV, "self_attn.v_proj.weight"),
          entry(TensorRole.QUERY_BIAS, "self_attn.q_proj.bias"),
          entry(TensorRole.KEY_BIAS, "self_attn.k_proj.bias"),
          entry(TensorRole.VALUE_BIAS, "self_attn.v_proj.bias"),
          entry(TensorRole.QUERY_NORM, "self_attn.q_norm.weight"),
          entry(TensorRole.KEY_NORM, "self_attn.k_norm.weight"),
          entry(TensorRole.ATTENTION_SINKS, "self_attn.sinks"),
          entry(TensorRole.WO, "self_attn.o_proj.weight"),
          entry(TensorRole.ATTENTION_OUTPUT_BIAS, "self_attn.o_proj.bias"),
          entry(TensorRole.ATTENTION_OUTPUT_NORM, "post_self_attn_layernorm.weight"),
          entry(TensorRole.DELTA_INPUT, "linear_attn.in_proj_qkv.weight"),
          entry(TensorRole.DELTA_GATE, "linear_attn.in_proj_z.weight"),
          entry(TensorRole.DELTA_BETA, "linear_attn.in_proj_b.weight"),
          entry(TensorRole.DELTA_ALPHA, "linear_attn.in_proj_a.weight"),
          entry(TensorRole.DELTA_FILTER, "linear_attn.conv1d.weight"),
          entry(TensorRole.DELTA_DECAY, "linear_attn.A_log"),
          entry(TensorRole.DELTA_ALPHA_BIAS, "linear_attn.dt_bias"),
          entry(TensorRole.DELTA_NORM, "linear_attn.norm.weight"),
          entry(TensorRole.DELTA_OUTPUT, "linear_attn.out_proj.weight"),
          entry(TensorRole.FFN_NORM, "post_attention_layernorm.weight"),
          entry(TensorRole.FFN_OUTPUT_NORM, "post_mlp_layernorm.weight"),
          entry(TensorRole.SHARED_W1, "mlp.shared_expert.gate_proj.weight"),
          entry(TensorRole.SHARED_W3, "mlp.shared_expert.up_proj.weight"),
          entry(TensorRole.SHARED_W2, "mlp.shared_expert.down_proj.weight"),
          entry(TensorRole.SHARED_GATE, "mlp.shared_expert_gate.weight"),
          entry(TensorRole.W1, "mlp.gate_proj.weight"),
          entry(TensorRole.W3, "mlp.up_proj.weight"),
          entry(TensorRole.W2, "mlp.down_proj.weight"),
          entry(TensorRole.INPUT_GATE, "per_layer_input_gate.weight"),
          entry(TensorRole.INPUT_PROJECTION, "per_layer_projection.weight"),
          entry(TensorRole.INPUT_NORM, "post_per_layer_input_norm.weight"),
          entry(TensorRole.LAYER_SCALE, "layer_scalar"));

  private static final Fused GATE_UP =
      new Fused("mlp.gate_up_proj.weight", List.of(TensorRole.W1, TensorRole.W3));

  private static final Fused QUERY_KEY_VALUE =
      new Fused("self_attn.qkv_proj.weight", List.of(TensorRole.WQ, TensorRole.WK, TensorRole.WV));

  static final HfNames LLAMA = new HfNames(Map.of(), Map.of(), List.of());
  static final HfNames GLM4 = new HfNames(Map.of(), Map.of(), List.of(GATE_UP));
  static final HfNames PHI3 = new HfNames(Map.of(), Map.of(), List.of(QUERY_KEY_VALUE, GATE_UP));

  /// In files of transformers 5 one tensor may hold the `[experts, 2 * ffnDim, dim]` of all gates
  /// and ups of a layer, and one the `[experts, dim, ffnDim]` of all downs.
  static final HfNames QWEN_MOE =
      new HfNames(
          Map.of(
              TensorRole.ROUTER, "mlp.gate.weight",
              TensorRole.W1, "mlp.experts.%d.gate_proj.weight",
              TensorRole.W3, "mlp.experts.%d.up_proj.weight",
              TensorRole.W2, "mlp.experts.%d.down_proj.weight"),
          Map.of(
              TensorRole.W1, List.of("mlp.experts.gate_up_proj"),
              TensorRole.W3, List.of("mlp.experts.gate_up_proj"),
              TensorRole.W2, List.of("mlp.experts.down_proj")),
          List.of());

  static final HfNames QWEN_NEXT =
      new HfNames(
          QWEN_MOE.names,
          QWEN_MOE.otherNames,
          List.of(
              new Fused(
                  "linear_attn.in_proj_qkvz.weight",
                  List.of(TensorRole.DELTA_INPUT, TensorRole.DELTA_GATE),
                  true),
              new Fused(
                  "linear_attn.in_proj_ba.weight",
                  List.of(TensorRole.DELTA_BETA, TensorRole.DELTA_ALPHA),
                  true)));

  static final HfNames MIXTRAL =
      new HfNames(
          Map.of(
              TensorRole.ROUTER, "block_sparse_moe.gate.weight",
              TensorRole.W1, "block_sparse_moe.experts.%d.w1.weight",
              TensorRole.W3, "block_sparse_moe.experts.%d.w3.weight",
              TensorRole.W2, "block_sparse_moe.experts.%d.w2.weight"),
          Map.of(
              TensorRole.ROUTER, List.of("mlp.gate.weight"),
              TensorRole.W1, both("experts.gate_up_proj"),
              TensorRole.W3, both("experts.gate_up_proj"),
              TensorRole.W2, both("experts.down_proj")),
          List.of());

  static final HfNames GEMMA =
      new HfNames(
          Map.of(
              TensorRole.ATTENTION_OUTPUT_NORM, "post_attention_layernorm.weight",
              TensorRole.FFN_NORM, "pre_feedforward_layernorm.weight",
              TensorRole.FFN_OUTPUT_NORM, "post_feedforward_layernorm.weight"),
          Map.of(),
          List.of());

  /// Experts are beside a network that all tokens go through, which has its usual name.
  static final HfNames GEMMA_MOE =
      GEMMA.with(
          Map.ofEntries(
              entry(TensorRole.SHARED_OUTPUT_NORM, "post_feedforward_layernorm_1.weight"),
              entry(TensorRole.EXPERTS_NORM, "pre_feedforward_layernorm_2.weight"),
              entry(TensorRole.EXPERTS_OUTPUT_NORM, "post_feedforward_layernorm_2.weight"),
              entry(TensorRole.ROUTER, "router.proj.weight"),
              entry(TensorRole.ROUTER_NORM, "router.scale"),
              entry(TensorRole.EXPERT_SCALES, "router.per_expert_scale"),
              entry(TensorRole.W1, "experts.gate_up_proj"),
              entry(TensorRole.W3, "experts.gate_up_proj"),
              entry(TensorRole.W2, "experts.down_proj"),
              entry(TensorRole.SHARED_W1, USUAL.get(TensorRole.W1)),
              entry(TensorRole.SHARED_W3, USUAL.get(TensorRole.W3)),
              entry(TensorRole.SHARED_W2, USUAL.get(TensorRole.W2))));

  /// Experts are in two tensors, in MXFP4 as published, or else what transformers computes with.
  static final HfNames GPT_OSS =
      new HfNames(
          Map.of(
              TensorRole.ROUTER, "mlp.router.weight",
              TensorRole.ROUTER_BIAS, "mlp.router.bias",
              TensorRole.W1, "mlp.experts.gate_up_proj" + HfMxfp4.BLOCKS,
              TensorRole.W3, "mlp.experts.gate_up_proj" + HfMxfp4.BLOCKS,
              TensorRole.W2, "mlp.experts.down_proj" + HfMxfp4.BLOCKS,
              TensorRole.W1_BIAS, "mlp.experts.gate_up_proj_bias",
              TensorRole.W3_BIAS, "mlp.experts.gate_up_proj_bias",
              TensorRole.W2_BIAS, "mlp.experts.down_proj_bias"),
          Map.of(
              TensorRole.W1, List.of("mlp.experts.gate_up_proj"),
              TensorRole.W3, List.of("mlp.experts.gate_up_proj"),
              TensorRole.W2, List.of("mlp.experts.down_proj")),
          List.of());

  /// The same, and other names of some roles.
  private HfNames with(Map<TensorRole, String> more) {
    Map<TensorRole, String> all = new HashMap<>(names);
    all.putAll(more);
    return new HfNames(Map.copyOf(all), otherNames, fused);
  }

  private static List<String> both(String tensor) {
    return List.of("block_sparse_moe." + tensor, "mlp." + tensor);
  }

  /// What a tensor is called.
  String of(TensorRole.Name name) {
    if (name.role() == TensorRole.WCLS) {
      return "lm_head.weight";
    }
    Optional<Fused> whole = fused(name.role());
    String own =
        whole.isPresent()
            ? whole.get().name
            : names.getOrDefault(name.role(), USUAL.get(name.role()));
    if (own == null) {
      throw new IllegalArgumentException("no name of " + name.role());
    }
    return place(name) + own.formatted(name.expert());
  }

  /// What it may be called instead.
  List<String> others(TensorRole.Name name) {
    return otherNames.getOrDefault(name.role(), List.of()).stream()
        .map(other -> place(name) + other)
        .toList();
  }

  private static String place(TensorRole.Name name) {
    return name.role().isInLayer() ? "model.layers.%d.".formatted(name.layer()) : "model.";
  }

  /// What a matrix is a part of, if it is no tensor of its own.
  Optional<Fused> fused(TensorRole role) {
    return fused.stream().filter(whole -> whole.parts.contains(role)).findFirst();
  }
}
