package dllama.format.hf;

import java.util.Map;

/// What configurations leave out, and what transformers takes for it then.
final class HfDefaults {
  private static final Map<String, Object> DELTA_NETS =
      Map.ofEntries(
          Map.entry("head_dim", 256L),
          Map.entry("rms_norm_eps", 1e-6),
          Map.entry("norm_topk_prob", true),
          Map.entry("partial_rotary_factor", 0.25),
          Map.entry("full_attention_interval", 4L),
          Map.entry("linear_conv_kernel_dim", 4L),
          Map.entry("linear_key_head_dim", 128L),
          Map.entry("linear_value_head_dim", 128L),
          Map.entry("linear_num_key_heads", 16L),
          Map.entry("linear_num_value_heads", 32L));

  private static final Map<String, Object> OF_GEMMA4 =
      Map.ofEntries(
          Map.entry("num_attention_heads", 8L),
          Map.entry("num_key_value_heads", 4L),
          Map.entry("head_dim", 256L),
          Map.entry("global_head_dim", 512L),
          Map.entry("max_position_embeddings", 131_072L),
          Map.entry("rms_norm_eps", 1e-6),
          Map.entry("rope_theta", 1e6),
          Map.entry("sliding_window", 512L),
          Map.entry("sliding_window_pattern", 6L),
          Map.entry("hidden_size_per_layer_input", 256L),
          Map.entry("norm_topk_prob", true),
          Map.entry(
              "rope_parameters",
              Map.of(
                  "full_attention",
                  Map.of("rope_type", "proportional", "partial_rotary_factor", 0.25))));

  private static final Map<HfArchitecture, Map<String, Object>> ALL =
      Map.of(
          HfArchitecture.MIXTRAL,
          Map.of("rope_theta", 1e6),
          HfArchitecture.QWEN3,
          Map.of("head_dim", 128L),
          HfArchitecture.GLM4,
          Map.of("partial_rotary_factor", 0.5),
          HfArchitecture.GEMMA3,
          Map.ofEntries(
              Map.entry("num_attention_heads", 8L),
              Map.entry("num_key_value_heads", 4L),
              Map.entry("head_dim", 256L),
              Map.entry("max_position_embeddings", 131_072L),
              Map.entry("rms_norm_eps", 1e-6),
              Map.entry("rope_theta", 1e6),
              Map.entry("sliding_window_pattern", 6L)),
          HfArchitecture.GEMMA4,
          OF_GEMMA4,
          HfArchitecture.GEMMA4_MOE,
          OF_GEMMA4,
          HfArchitecture.QWEN3_5,
          DELTA_NETS,
          HfArchitecture.QWEN3_5_MOE,
          DELTA_NETS,
          HfArchitecture.QWEN3_NEXT,
          DELTA_NETS,
          HfArchitecture.GPT_OSS,
          Map.ofEntries(
              Map.entry("head_dim", 64L),
              Map.entry("num_key_value_heads", 8L),
              Map.entry("num_local_experts", 128L),
              Map.entry("num_experts_per_tok", 4L),
              Map.entry("max_position_embeddings", 131_072L),
              Map.entry("rms_norm_eps", 1e-5),
              Map.entry("sliding_window", 128L),
              Map.entry("sliding_window_pattern", 2L),
              Map.entry("rope_theta", 150_000.0),
              Map.entry(
                  "rope_scaling",
                  Map.of(
                      "rope_type",
                      "yarn",
                      "factor",
                      32.0,
                      "original_max_position_embeddings",
                      4096L))));

  private HfDefaults() {}

  static Map<String, Object> of(HfArchitecture architecture) {
    return ALL.getOrDefault(architecture, Map.of());
  }
}
