package dllama.format.hf;

import dllama.error.UserException;
import dllama.format.hf.HfArchitecture.Trait;
import dllama.model.Architecture;
import dllama.model.DeltaNet;
import dllama.model.Layering;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.Rope;
import dllama.model.Scales;
import dllama.model.Sliding;
import dllama.model.TensorTypes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What `config.json` says of a model: sizes and all that changes the arithmetic.
///
/// Keys that are not known here are left alone, because transformers leaves them alone, too: what
/// its program of this `model_type` reads is known, and a program of another name was refused.
final class HfSpec {
  /// Would change the arithmetic, unless they have this value.
  private static final Map<String, Set<Object>> NEUTRAL =
      Map.ofEntries(
          Map.entry("hidden_act", Set.of("silu", "swish")),
          Map.entry("mlp_bias", Set.of(false)),
          Map.entry("decoder_sparse_step", Set.of(1L)),
          Map.entry("mlp_only_layers", Set.of(List.of())),
          Map.entry("is_causal", Set.of(true)),
          Map.entry("use_bidirectional_attention", Set.of(false, "vision")),
          Map.entry("attn_logit_softcapping", Set.of()),
          Map.entry("attn_output_gate", Set.of(true)),
          Map.entry("swiglu_alpha", Set.of(1.702)),
          Map.entry("swiglu_limit", Set.of(7L, 7.0)),
          Map.entry("compression_config", Set.of()));

  private final HfValues config;
  private final HfArchitecture architecture;
  private final HfLayers layers;

  /// @param config with what it leaves out
  HfSpec(HfValues config, HfArchitecture architecture) {
    this.config = config;
    this.architecture = architecture;
    layers = new HfLayers(config, architecture);
  }

  /// The model.
  ///
  /// @param types that matrices are rounded to
  /// @param vocabSize rows of the embedding
  /// @throws UserException for a model that is not supported, or that can not be
  ModelSpec read(Architecture description, TensorTypes types, int vocabSize) {
    NEUTRAL.forEach(this::check);
    checkQuantization();
    boolean gemma = architecture.activation() == Activation.GELU;
    check("final_logit_softcapping", Set.of(), !gemma);
    check("hidden_activation", Set.of("gelu_pytorch_tanh"), gemma);
    boolean renormed = description.mixture().renormed();
    if (architecture.has(Trait.OWN_EXPERTS)
        && config.truth("norm_topk_prob").orElse(false) != renormed) {
      throw config.unsupported("norm_topk_prob");
    }
    boolean experts = description.has(Architecture.Trait.EXPERTS);
    int dim = config.required("hidden_size");
    int heads = config.required("num_attention_heads");
    float epsilon =
        config
            .number("rms_norm_eps")
            .orElseThrow(() -> config.unsupported("rms_norm_eps"))
            .floatValue();
    int headDim = headDim(dim, heads);
    Rope rope = checked(() -> new HfRope(config).read(architecture, headDim));
    int contextLength = contextLength();
    Scales scales = checked(() -> scales(description, dim, headDim));
    boolean besideNetwork = description.has(Architecture.Trait.SHARED_EXPERT_NORMS);
    String ofShared = besideNetwork ? "intermediate_size" : "shared_expert_intermediate_size";
    String active = besideNetwork ? "top_k_experts" : "num_experts_per_tok";
    boolean shares = description.has(Architecture.Trait.SHARED_EXPERT);
    int shared = shares ? config.required(ofShared) : 0;
    Sliding sliding = checked(() -> layers.sliding(contextLength, rope));
    Layering layering = checked(() -> layers.layering(ffnDim()));
    DeltaNet deltaNet = checked(layers::deltaNet);
    int ffnDim = layering.ffnDims().stream().max(Integer::compare).orElse(ffnDim());
    return checked(
        () ->
            new ModelSpec(
                description,
                types,
                dim,
                ffnDim,
                experts ? experts() : 0,
                experts ? config.required(active) : 0,
                layers.count(),
                heads,
                layers.kvHeads(heads),
                headDim,
                vocabSize,
                contextLength,
                epsilon,
                architecture.activation(),
                rope,
                sliding,
                scales,
                description.mixture().withShared(shared),
                layering,
                deltaNet));
  }

  private Scales scales(Architecture description, int dim, int headDim) {
    if (architecture.activation() == Activation.GELU) {
      Scales bounded = description.scales(dim).withCap(config.number("final_logit_softcapping", 0));
      if (description.has(Architecture.Trait.UNSCALED_SCORES)) {
        return bounded;
      }
      double scalar = config.number("query_pre_attn_scalar", 256);
      return bounded.withQuery((float) Math.sqrt(headDim / scalar));
    }
    if (!description.has(Architecture.Trait.OWN_SCALES)) {
      return description.scales(dim);
    }
    double scores = config.number("attention_multiplier", 1) * Math.sqrt(headDim);
    return new Scales(
        config.number("embedding_multiplier", 1),
        (float) scores,
        1 / config.number("logits_scaling", 1),
        0,
        config.number("residual_multiplier", 1),
        0,
        0);
  }

  /// Positions that layers look back, where the context ends there.
  Optional<Integer> window() {
    return layers.window(positions());
  }

  private int contextLength() {
    return window().orElse(positions());
  }

  private int positions() {
    return config.required("max_position_embeddings");
  }

  private int ffnDim() {
    return config.required(
        architecture.has(Trait.OWN_EXPERTS) ? "moe_intermediate_size" : "intermediate_size");
  }

  private int experts() {
    return config.required(
        architecture.has(Trait.OWN_EXPERTS) && config.has("num_experts")
            ? "num_experts"
            : "num_local_experts");
  }

  private int headDim(int dim, int heads) {
    String key = architecture.has(Trait.LAYERED) ? "global_head_dim" : "head_dim";
    int otherwise = heads > 0 && dim % heads == 0 ? dim / heads : 0;
    return config.natural(key).orElse(otherwise);
  }

  /// Experts may be in MXFP4, which is read; nothing else is.
  private void checkQuantization() {
    boolean blocks =
        architecture.has(Trait.ALTERNATING_EXPERTS)
            && config
                .object("quantization_config")
                .flatMap(of -> of.text("quant_method"))
                .orElse("")
                .equals("mxfp4");
    check("quantization_config", Set.of(), !blocks);
  }

  private void check(String key, Set<Object> neutral) {
    check(key, neutral, true);
  }

  private void check(String key, Set<Object> neutral, boolean counts) {
    Optional<Object> value = config.any(key);
    if (counts && value.isPresent() && !neutral.contains(value.get())) {
      throw config.unsupported(key);
    }
  }

  /// The records of a model check their own values; the file's name is added here.
  private <T> T checked(java.util.function.Supplier<T> values) {
    try {
      return values.get();
    } catch (UserException e) {
      String what = String.valueOf(e.getMessage());
      throw what.startsWith("model header: ")
          ? config.refused(
              what.substring("model header: ".length()),
              "the file is damaged, or take another --weights-float-type")
          : e;
    }
  }
}
