package dllama.format.hf;

import dllama.model.Architecture;
import dllama.model.TensorRole;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/// The kinds of models of transformers that can be run.
///
/// The files of a Llama have the rows of wq and wk in the order of a rotation of halves; ours is
/// that of adjacent pairs, as in `.m` and GGUF files, so rows are read in another order. Those of
/// Ernie and GLM have them as we do.
@SuppressWarnings("ImmutableEnumChecker") // descriptions do not change
enum HfArchitecture {
  LLAMA("llama", "LlamaForCausalLM", Architecture.LLAMA),
  MISTRAL("mistral", "MistralForCausalLM", Architecture.LLAMA),
  MIXTRAL("mixtral", "MixtralForCausalLM", Architecture.LLAMA_MOE),
  QWEN2("qwen2", "Qwen2ForCausalLM", Architecture.QWEN2),
  QWEN2_MOE("qwen2_moe", "Qwen2MoeForCausalLM", Architecture.QWEN2_MOE),
  QWEN3("qwen3", "Qwen3ForCausalLM", Architecture.QWEN3),
  QWEN3_MOE("qwen3_moe", "Qwen3MoeForCausalLM", Architecture.QWEN3_MOE),
  ERNIE4_5("ernie4_5", "Ernie4_5ForCausalLM", Architecture.LLAMA),
  GEMMA3("gemma3_text", "Gemma3ForCausalLM", Architecture.GEMMA3),
  GLM4("glm4", "Glm4ForCausalLM", Architecture.GLM4),
  GRANITE("granite", "GraniteForCausalLM", Architecture.GRANITE),
  PHI3("phi3", "Phi3ForCausalLM", Architecture.PHI3),
  SEED_OSS("seed_oss", "SeedOssForCausalLM", Architecture.SEED_OSS),
  SMOLLM3("smollm3", "SmolLM3ForCausalLM", Architecture.SMOLLM3);

  /// Matrices that are one tensor, row after row.
  ///
  /// @param name within the layer
  record Fused(String name, List<TensorRole> parts) {}

  private static final String SEEING_GEMMA = "Gemma3ForConditionalGeneration";

  private static final List<String> SEEING =
      List.of(
          "vision_tower.",
          "multi_modal_projector.",
          "model.vision_tower.",
          "model.multi_modal_projector.");

  /// What the configurations of Gemma 3 leave out of `text_config`.
  private static final Map<String, Object> GEMMA3_USUAL =
      Map.of(
          "model_type", "gemma3_text",
          "num_attention_heads", 8L,
          "num_key_value_heads", 4L,
          "head_dim", 256L,
          "max_position_embeddings", 131_072L,
          "rms_norm_eps", 1e-6);

  private static final Fused GATE_UP =
      new Fused("mlp.gate_up_proj.weight", List.of(TensorRole.W1, TensorRole.W3));

  private static final Fused QUERY_KEY_VALUE =
      new Fused("self_attn.qkv_proj.weight", List.of(TensorRole.WQ, TensorRole.WK, TensorRole.WV));

  private final String type;
  private final String program;
  private final Architecture plain;

  HfArchitecture(String type, String program, Architecture plain) {
    this.type = type;
    this.program = program;
    this.plain = plain;
  }

  /// That of a model.
  ///
  /// @throws dllama.error.UserException for one that is not known
  static HfArchitecture of(HfValues config) {
    String type = config.text("model_type").orElse("none");
    HfArchitecture found =
        Arrays.stream(values())
            .filter(known -> known.type.equals(type))
            .findFirst()
            .orElseThrow(
                () ->
                    config.refused(
                        "model_type %s is not supported, only %s".formatted(type, types()),
                        "look for a model of one of those"));
    List<?> programs = config.list("architectures").orElse(List.of(found.program));
    if (!programs.contains(found.program)) {
      throw config.refused(
          "it is a %s, which is not supported, only %s".formatted(programs, found.program),
          "look for a model that continues texts");
    }
    return found;
  }

  private static String types() {
    return Arrays.stream(values()).map(known -> known.type).collect(Collectors.joining(", "));
  }

  /// What a configuration says of texts: all of it, or of models that see, too, a part of it.
  static HfValues ofTexts(HfValues config) {
    List<?> programs = config.list("architectures").orElse(List.of(SEEING_GEMMA));
    return config.text("model_type").orElse("").equals("gemma3") && programs.contains(SEEING_GEMMA)
        ? config.object("text_config").map(texts -> texts.or(GEMMA3_USUAL)).orElse(config)
        : config;
  }

  /// Where a tensor of a model that sees, too, may be.
  static List<String> placesInSeeing(String tensor) {
    return List.of(
        "language_model." + tensor, tensor.replaceFirst("^model\\.", "model.language_model."));
  }

  /// Whether a tensor has nothing to do with texts.
  boolean onlySees(String tensor) {
    return this == GEMMA3 && SEEING.stream().anyMatch(tensor::startsWith);
  }

  /// The description that the forward pass goes by.
  ///
  /// @param has whether there is such a tensor in the first layer: Llamas may have biases
  Architecture description(Predicate<TensorRole> has) {
    if (this == GLM4) {
      return has.test(TensorRole.QUERY_BIAS) ? Architecture.GLM4_BIAS : plain;
    }
    if (!plain.equals(Architecture.LLAMA)) {
      return plain;
    }
    return has.test(TensorRole.ATTENTION_OUTPUT_BIAS)
        ? Architecture.LLAMA_BIASES
        : has.test(TensorRole.QUERY_BIAS) ? Architecture.LLAMA_BIAS : plain;
  }

  /// Whether a user may have it run by another description: Mixtral as distributed-llama had it.
  boolean mayBe(Architecture told) {
    return this == MIXTRAL && told.equals(Architecture.MIXTRAL);
  }

  /// Whether experts have a width of their own.
  boolean hasOwnExperts() {
    return this == QWEN2_MOE || this == QWEN3_MOE;
  }

  /// Whether positions may turn a part of a head only.
  boolean turnsParts() {
    return this == GLM4 || this == PHI3;
  }

  /// How much of a head turns where it is not told.
  double defaultTurned() {
    return this == GLM4 ? 0.5 : 1;
  }

  /// What `rope_theta` is where it is not told.
  double defaultTheta() {
    return this == MIXTRAL || this == GEMMA3 ? 1e6 : 1e4;
  }

  /// What `head_dim` is where it is not told; 0: what the width gives.
  int defaultHeadDim() {
    return this == QWEN3 ? 128 : this == GEMMA3 ? 256 : 0;
  }

  /// Whether norms multiply with one more than what the files have.
  boolean normsAddOne() {
    return this == GEMMA3;
  }

  /// Whether layers that look back over a window are run as such; else a context ends there.
  boolean hasWindows() {
    return this == GEMMA3;
  }

  /// Whether rows of wq and wk are in the order of a rotation of halves, also where ours are not.
  boolean hasHalves() {
    return this != ERNIE4_5 && this != GLM4;
  }

  /// What a matrix is a part of, if it is no tensor of its own.
  Optional<Fused> fused(TensorRole role) {
    List<Fused> all =
        switch (this) {
          case GLM4 -> List.of(GATE_UP);
          case PHI3 -> List.of(QUERY_KEY_VALUE, GATE_UP);
          default -> List.of();
        };
    return all.stream().filter(fused -> fused.parts.contains(role)).findFirst();
  }

  /// Whether some layers may look back over a window only, and say so by `use_sliding_window`.
  boolean hasOptionalWindow() {
    return this == QWEN2
        || this == QWEN2_MOE
        || this == QWEN3
        || this == QWEN3_MOE
        || this == SMOLLM3;
  }

  /// What a tensor is called.
  String tensor(TensorRole.Name name) {
    return switch (name.role()) {
      case EMBEDDING -> "model.embed_tokens.weight";
      case FINAL_NORM -> "model.norm.weight";
      case WCLS -> "lm_head.weight";
      default ->
          "model.layers.%d.%s"
              .formatted(
                  name.layer(),
                  fused(name.role()).map(Fused::name).orElse(inLayer(name.role(), name.expert())));
    };
  }

  private String inLayer(TensorRole role, int expert) {
    return switch (role) {
      case ATTENTION_NORM -> "input_layernorm.weight";
      case WQ -> "self_attn.q_proj.weight";
      case WK -> "self_attn.k_proj.weight";
      case WV -> "self_attn.v_proj.weight";
      case QUERY_BIAS -> "self_attn.q_proj.bias";
      case KEY_BIAS -> "self_attn.k_proj.bias";
      case VALUE_BIAS -> "self_attn.v_proj.bias";
      case QUERY_NORM -> "self_attn.q_norm.weight";
      case KEY_NORM -> "self_attn.k_norm.weight";
      case WO -> "self_attn.o_proj.weight";
      case ATTENTION_OUTPUT_BIAS -> "self_attn.o_proj.bias";
      case ATTENTION_OUTPUT_NORM ->
          this == GEMMA3 ? "post_attention_layernorm.weight" : "post_self_attn_layernorm.weight";
      case FFN_NORM ->
          this == GEMMA3 ? "pre_feedforward_layernorm.weight" : "post_attention_layernorm.weight";
      case FFN_OUTPUT_NORM ->
          this == GEMMA3 ? "post_feedforward_layernorm.weight" : "post_mlp_layernorm.weight";
      case SHARED_W1 -> feedForward() + "shared_expert.gate_proj.weight";
      case SHARED_W3 -> feedForward() + "shared_expert.up_proj.weight";
      case SHARED_W2 -> feedForward() + "shared_expert.down_proj.weight";
      case SHARED_GATE -> feedForward() + "shared_expert_gate.weight";
      case ROUTER -> feedForward() + "gate.weight";
      case W1 -> feedForward(expert) + (this == MIXTRAL ? "w1.weight" : "gate_proj.weight");
      case W3 -> feedForward(expert) + (this == MIXTRAL ? "w3.weight" : "up_proj.weight");
      case W2 -> feedForward(expert) + (this == MIXTRAL ? "w2.weight" : "down_proj.weight");
      default -> throw new IllegalArgumentException("no name of " + role);
    };
  }

  /// What a tensor may be called, as programs of other years wrote it. In files of transformers 5
  /// one tensor may hold the `[experts, 2 * ffnDim, dim]` of all gates and ups of a layer, and one
  /// the `[experts, dim, ffnDim]` of all downs.
  List<String> otherNames(TensorRole.Name name) {
    String layer = "model.layers." + name.layer() + ".";
    List<String> networks =
        this == MIXTRAL ? List.of(feedForward(), "mlp.") : List.of(feedForward());
    return switch (name.role()) {
      case ROUTER -> networks.stream().map(of -> layer + of + "gate.weight").toList();
      case W1, W3 -> networks.stream().map(of -> layer + of + "experts.gate_up_proj").toList();
      case W2 -> networks.stream().map(of -> layer + of + "experts.down_proj").toList();
      default -> List.of();
    };
  }

  private String feedForward() {
    return this == MIXTRAL ? "block_sparse_moe." : "mlp.";
  }

  private String feedForward(int expert) {
    boolean experts = plain.has(Architecture.Trait.EXPERTS);
    return feedForward() + (experts ? "experts." + expert + "." : "");
  }
}
