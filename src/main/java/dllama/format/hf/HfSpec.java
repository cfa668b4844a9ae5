package dllama.format.hf;

import dllama.error.UserException;
import dllama.model.Architecture;
import dllama.model.DeltaNet;
import dllama.model.Layering;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.Rope;
import dllama.model.Scales;
import dllama.model.Sliding;
import dllama.model.TensorTypes;
import dllama.tensor.DType;
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
          Map.entry("use_bidirectional_attention", Set.of(false)),
          Map.entry("attn_logit_softcapping", Set.of()),
          Map.entry("quantization_config", Set.of()),
          Map.entry("compression_config", Set.of()));

  private static final int MOST_LAYERS = 1 << 10;

  private final HfValues config;
  private final HfArchitecture architecture;

  HfSpec(HfValues config, HfArchitecture architecture) {
    this.config = config;
    this.architecture = architecture;
  }

  /// The model.
  ///
  /// @param weightType that matrices are rounded to
  /// @param vocabSize rows of the embedding
  /// @throws UserException for a model that is not supported, or that can not be
  ModelSpec read(Architecture description, DType weightType, int vocabSize) {
    NEUTRAL.forEach(this::check);
    boolean gemma = architecture == HfArchitecture.GEMMA3;
    check("final_logit_softcapping", Set.of(), !gemma);
    check("hidden_activation", Set.of("gelu_pytorch_tanh"), gemma);
    boolean renormed = description.mixture().renormed();
    if (architecture.hasOwnExperts() && config.truth("norm_topk_prob").orElse(false) != renormed) {
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
    int layers = layers();
    Scales scales = checked(() -> scales(description, dim, headDim));
    int shared =
        architecture == HfArchitecture.QWEN2_MOE
            ? config.required("shared_expert_intermediate_size")
            : 0;
    Sliding sliding = sliding(layers, contextLength, rope);
    return checked(
        () ->
            new ModelSpec(
                description,
                TensorTypes.all(weightType),
                dim,
                ffnDim(),
                experts ? experts() : 0,
                experts ? config.required("num_experts_per_tok") : 0,
                layers,
                heads,
                config.natural("num_key_value_heads").orElse(heads),
                headDim,
                vocabSize,
                contextLength,
                epsilon,
                gemma ? Activation.GELU : Activation.SILU,
                rope,
                sliding,
                scales,
                description.mixture().withShared(shared),
                Layering.NONE,
                DeltaNet.NONE));
  }

  private Scales scales(Architecture description, int dim, int headDim) {
    if (architecture == HfArchitecture.GEMMA3) {
      double scalar = config.number("query_pre_attn_scalar", 256);
      return description
          .scales(dim)
          .withQuery((float) Math.sqrt(headDim / scalar))
          .withCap(config.number("final_logit_softcapping", 0));
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

  /// Those of Gemma 3.
  private Sliding windows(int layers) {
    int window = config.natural("sliding_window").orElse(0);
    Rope rope = checked(() -> new HfRope(config).ofWindows());
    List<?> kinds = config.list("layer_types").orElse(List.of());
    int period = config.natural("sliding_window_pattern").orElse(6);
    if (!kinds.isEmpty() && kinds.size() != layers) {
      throw config.unsupported("layer_types");
    }
    if (window == 0 || period < 1) {
      return Sliding.NONE;
    }
    return checked(
        () ->
            kinds.isEmpty()
                ? Sliding.inPeriods(window, period, layers, rope)
                : Sliding.of(window, kinds.stream().map(kind -> !isFull(kind)).toList(), rope));
  }

  /// Layers in which positions turn something are those that slide, over the whole context.
  private Sliding sliding(int layers, int contextLength, Rope rope) {
    if (architecture.hasWindows()) {
      return windows(layers);
    }
    if (architecture != HfArchitecture.SMOLLM3) {
      return Sliding.NONE;
    }
    int interval = config.natural("no_rope_layer_interval").orElse(4);
    Sliding usual = Sliding.inPeriods(contextLength, interval, layers, rope);
    Optional<List<?>> told = config.list("no_rope_layers");
    List<Boolean> turning =
        told.isPresent()
            ? told.get().stream().map(turns -> turns.equals(1L) || turns.equals(1)).toList()
            : usual.layers();
    if (turning.size() != layers) {
      throw config.unsupported("no_rope_layers");
    }
    return Sliding.of(contextLength, turning, rope);
  }

  /// Layers, as many as can be gone through.
  int layers() {
    int layers = config.required("num_hidden_layers");
    if (layers < 1 || layers > MOST_LAYERS) {
      throw config.unsupported("num_hidden_layers");
    }
    return layers;
  }

  /// Positions that layers look back, where that is fewer than the model has: up to there nothing
  /// is out of sight, and the context ends there.
  Optional<Integer> window() {
    List<?> kinds = config.list("layer_types").orElse(List.of());
    if (kinds.stream().anyMatch(kind -> !isFull(kind) && !"sliding_attention".equals(kind))) {
      throw config.unsupported("layer_types");
    }
    if (architecture.hasWindows()) {
      return Optional.empty();
    }
    boolean slides =
        kinds.isEmpty()
            ? !architecture.hasOptionalWindow() || config.truth("use_sliding_window").orElse(false)
            : !kinds.stream().allMatch(HfSpec::isFull);
    return slides
        ? config.natural("sliding_window").filter(window -> window < positions())
        : Optional.empty();
  }

  private static boolean isFull(Object kind) {
    return "full_attention".equals(kind);
  }

  private int contextLength() {
    return window().orElse(positions());
  }

  private int positions() {
    return config.required("max_position_embeddings");
  }

  private int ffnDim() {
    return config.required(
        architecture.hasOwnExperts() ? "moe_intermediate_size" : "intermediate_size");
  }

  private int experts() {
    return config.required(
        architecture.hasOwnExperts() && config.has("num_experts")
            ? "num_experts"
            : "num_local_experts");
  }

  private int headDim(int dim, int heads) {
    int usual = architecture.defaultHeadDim();
    int otherwise = usual > 0 ? usual : heads > 0 && dim % heads == 0 ? dim / heads : 0;
    return config.natural("head_dim").orElse(otherwise);
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
