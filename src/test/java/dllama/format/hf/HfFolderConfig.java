package dllama.format.hf;

import dllama.model.Architecture;
import dllama.model.DeltaNet;
import dllama.model.Layering;
import dllama.model.ModelSpec;
import dllama.model.Rope;
import dllama.model.Scales;
import dllama.model.Sliding;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// What transformers writes into `config.json`.
final class HfFolderConfig {
  private HfFolderConfig() {}

  static Map<String, Object> of(ModelSpec spec) {
    Map<String, Object> config = new LinkedHashMap<>();
    String[] kind =
        switch (spec.architecture().name()) {
          case "llama", "llama-bias", "llama-biases" -> new String[] {"llama", "LlamaForCausalLM"};
          case "llama-moe" -> new String[] {"mixtral", "MixtralForCausalLM"};
          case "qwen2" -> new String[] {"qwen2", "Qwen2ForCausalLM"};
          case "qwen3" -> new String[] {"qwen3", "Qwen3ForCausalLM"};
          case "qwen2moe" -> new String[] {"qwen2_moe", "Qwen2MoeForCausalLM"};
          case "phi3" -> new String[] {"phi3", "Phi3ForCausalLM"};
          case "gemma3" -> new String[] {"gemma3_text", "Gemma3ForCausalLM"};
          case "gemma4", "gemma4moe" -> new String[] {"gemma4_text", "Gemma4ForCausalLM"};
          case "gpt-oss" -> new String[] {"gpt_oss", "GptOssForCausalLM"};
          case "qwen35" -> new String[] {"qwen3_5_text", "Qwen3_5ForCausalLM"};
          case "qwen35moe" -> new String[] {"qwen3_5_moe_text", "Qwen3_5MoeForCausalLM"};
          case "qwen3next" -> new String[] {"qwen3_next", "Qwen3NextForCausalLM"};
          case "glm4" -> new String[] {"glm4", "Glm4ForCausalLM"};
          case "granite" -> new String[] {"granite", "GraniteForCausalLM"};
          case "seed-oss" -> new String[] {"seed_oss", "SeedOssForCausalLM"};
          case "smollm3" -> new String[] {"smollm3", "SmolLM3ForCausalLM"};
          default -> new String[] {"qwen3_moe", "Qwen3MoeForCausalLM"};
        };
    config.put("model_type", kind[0]);
    config.put("architectures", List.of(kind[1]));
    config.put("hidden_size", spec.dim());
    config.put("intermediate_size", spec.ffnDim());
    config.put("num_hidden_layers", spec.layers());
    config.put("num_attention_heads", spec.heads());
    config.put("num_key_value_heads", spec.kvHeads());
    config.put("head_dim", spec.headDim());
    config.put("vocab_size", spec.vocabSize());
    config.put("max_position_embeddings", spec.contextLength());
    config.put("rms_norm_eps", Double.parseDouble(Float.toString(spec.rmsEpsilon())));
    config.put("hidden_act", "silu");
    config.put("attention_dropout", 0.0);
    Rope rope = spec.rope().turned() == 0 ? spec.sliding().rope() : spec.rope();
    config.put("rope_theta", rope.theta());
    config.put("partial_rotary_factor", rope.turned(spec.headDim()) / (double) spec.headDim());
    if (rope.scaling() == Rope.Scaling.LONG) {
      int pairs = rope.factors().size() / 2;
      config.put("original_max_position_embeddings", rope.originalContextLength());
      config.put(
          "rope_scaling",
          Map.of(
              "type", "longrope",
              "short_factor", rope.factors().subList(0, pairs),
              "long_factor", rope.factors().subList(pairs, 2 * pairs)));
    }
    if (spec.architecture().equals(Architecture.GRANITE)) {
      Scales scales = spec.scales();
      config.put("embedding_multiplier", scales.embedding());
      config.put("attention_multiplier", scales.query() / Math.sqrt(spec.headDim()));
      config.put("logits_scaling", 1 / scales.logits());
      config.put("residual_multiplier", scales.residual());
    }
    if (spec.architecture().equals(Architecture.SMOLLM3)) {
      config.put(
          "no_rope_layers", spec.sliding().layers().stream().map(turns -> turns ? 1 : 0).toList());
    }
    if (spec.architecture().equals(Architecture.GEMMA3)) {
      config.remove("hidden_act");
      config.put("hidden_activation", "gelu_pytorch_tanh");
      config.put("query_pre_attn_scalar", spec.headDim());
      config.put("sliding_window", spec.sliding().window());
      config.put("sliding_window_pattern", spec.sliding().period());
      config.put("rope_local_base_freq", spec.sliding().rope().theta());
    }
    if (rope.scaling() == Rope.Scaling.LINEAR) {
      config.put("rope_scaling", Map.of("rope_type", "linear", "factor", rope.factor()));
    }
    config.put("tie_word_embeddings", false);
    if (spec.rope().scaling() == Rope.Scaling.LLAMA31) {
      config.put(
          "rope_scaling",
          Map.of(
              "rope_type", "llama3",
              "factor", spec.rope().factor(),
              "low_freq_factor", spec.rope().low(),
              "high_freq_factor", spec.rope().high(),
              "original_max_position_embeddings", spec.rope().originalContextLength()));
    }
    if (spec.experts() > 0) {
      config.put("num_experts_per_tok", spec.activeExperts());
    }
    if (kind[0].equals("mixtral") || kind[0].equals("gpt_oss")) {
      config.put("num_local_experts", spec.experts());
    } else if (spec.experts() > 0) {
      config.put("num_experts", spec.experts());
      config.put("moe_intermediate_size", spec.ffnDim());
      config.put("intermediate_size", 8 * spec.ffnDim());
      config.put("norm_topk_prob", spec.mixture().renormed());
      config.put("shared_expert_intermediate_size", spec.mixture().shared());
      config.put("decoder_sparse_step", 1);
      config.put("mlp_only_layers", List.of());
    }
    switch (spec.architecture().name()) {
      case "gpt-oss" -> putGptOss(config, spec);
      case "qwen35" -> putQwen35(config, spec);
      case "qwen3next" -> putQwen3Next(config, spec);
      case "qwen35moe" -> {
        List.of("norm_topk_prob", "decoder_sparse_step", "mlp_only_layers").forEach(config::remove);
        putQwen35(config, spec);
      }
      case "gemma4" -> putGemma4(config, spec);
      case "gemma4moe" -> {
        putGemma4(config, spec);
        config.keySet().removeAll(List.of("norm_topk_prob", "shared_expert_intermediate_size"));
        config.put("enable_moe_block", true);
        config.put("top_k_experts", config.remove("num_experts_per_tok"));
        config.put("intermediate_size", spec.mixture().shared());
      }
      default -> {}
    }
    return config;
  }

  private static void putGptOss(Map<String, Object> config, ModelSpec spec) {
    config.put("swiglu_limit", 7.0);
    config.put("sliding_window", spec.sliding().window());
    putKinds(config, spec, "sliding_attention", spec.sliding()::at);
    Rope rope = spec.rope();
    config.put(
        "rope_scaling",
        rope.scaling() == Rope.Scaling.YARN
            ? Map.of(
                "rope_type", "yarn",
                "factor", rope.factor(),
                "beta_slow", rope.low(),
                "beta_fast", rope.high(),
                "original_max_position_embeddings", rope.originalContextLength(),
                "attention_factor", rope.magnitude(),
                "truncate", false)
            : Map.of("rope_type", "default"));
    if (spec.type(new TensorRole.Name(TensorRole.W1)).equals(DType.MXFP4)) {
      config.put("quantization_config", Map.of("quant_method", "mxfp4"));
    }
  }

  private static void putDeltaNet(Map<String, Object> config, DeltaNet net) {
    config.put("linear_conv_kernel_dim", net.kernel());
    config.put("linear_key_head_dim", net.headDim());
    config.put("linear_value_head_dim", net.headDim());
    config.put("linear_num_key_heads", net.keyHeads());
    config.put("linear_num_value_heads", net.valueHeads());
  }

  private static void putQwen3Next(Map<String, Object> config, ModelSpec spec) {
    putDeltaNet(config, spec.deltaNet());
    config.put("full_attention_interval", spec.deltaNet().period());
    config.put("attention_bias", false);
    config.put("rope_scaling", null);
  }

  private static void putQwen35(Map<String, Object> config, ModelSpec spec) {
    DeltaNet net = spec.deltaNet();
    config.put("attn_output_gate", true);
    putDeltaNet(config, net);
    putKinds(config, spec, "linear_attention", net::at);
    config.put(
        "rope_parameters",
        Map.of(
            "mrope_interleaved", true,
            "mrope_section", List.of(11, 11, 10),
            "rope_type", "default",
            "rope_theta", spec.rope().theta(),
            "partial_rotary_factor", config.remove("partial_rotary_factor")));
  }

  private static void putGemma4(Map<String, Object> config, ModelSpec spec) {
    Layering layering = spec.layering();
    Sliding sliding = spec.sliding();
    config.remove("hidden_act");
    config.put("hidden_activation", "gelu_pytorch_tanh");
    config.put("use_bidirectional_attention", "vision");
    config.put("global_head_dim", spec.headDim());
    config.put("head_dim", sliding.headDim());
    config.put("num_global_key_value_heads", spec.kvHeads());
    config.put("num_key_value_heads", sliding.kvHeads());
    config.put("attention_k_eq_v", layering.keysAreValues());
    config.put("num_kv_shared_layers", layering.borrowers());
    config.put("use_double_wide_mlp", !layering.ffnDims().isEmpty());
    config.put("intermediate_size", spec.ffnDim(0));
    config.put("hidden_size_per_layer_input", layering.inputDim());
    config.put("sliding_window", sliding.window());
    config.put("final_logit_softcapping", spec.scales().cap() == 0 ? null : spec.scales().cap());
    putKinds(config, spec, "sliding_attention", sliding::at);
    long turning = spec.rope().factors().stream().filter(factor -> factor == 1).count();
    config.put(
        "rope_parameters",
        Map.of(
            "full_attention",
            spec.rope().factors().isEmpty()
                ? Map.of("rope_type", "default", "rope_theta", spec.rope().theta())
                : Map.of(
                    "rope_type",
                    "proportional",
                    "partial_rotary_factor",
                    2.0 * turning / spec.headDim(),
                    "rope_theta",
                    spec.rope().theta()),
            "sliding_attention",
            Map.of("rope_type", "default", "rope_theta", sliding.rope().theta())));
  }

  private static void putKinds(
      Map<String, Object> config, ModelSpec spec, String kind, IntPredicate is) {
    config.put(
        "layer_types",
        IntStream.range(0, spec.layers())
            .mapToObj(layer -> is.test(layer) ? kind : "full_attention")
            .toList());
  }
}
