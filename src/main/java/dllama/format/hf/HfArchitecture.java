package dllama.format.hf;

import dllama.model.Architecture;
import dllama.model.ModelSpec.Activation;
import dllama.model.TensorRole;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The kinds of models of transformers that can be run.
///
/// The files of a Llama have the rows of wq and wk in the order of a rotation of halves; ours is
/// that of adjacent pairs, as in `.m` and GGUF files, so rows are read in another order. Those of
/// Ernie and GLM have them as we do.
@SuppressWarnings("ImmutableEnumChecker") // descriptions do not change
enum HfArchitecture {
  LLAMA("llama", "LlamaForCausalLM", Architecture.LLAMA, HfNames.LLAMA),
  MISTRAL("mistral", "MistralForCausalLM", Architecture.LLAMA, HfNames.LLAMA),
  MIXTRAL("mixtral", "MixtralForCausalLM", Architecture.LLAMA_MOE, HfNames.MIXTRAL),
  QWEN2("qwen2", "Qwen2ForCausalLM", Architecture.QWEN2, HfNames.LLAMA, Trait.OPTIONAL_WINDOW),
  QWEN2_MOE(
      "qwen2_moe",
      "Qwen2MoeForCausalLM",
      Architecture.QWEN2_MOE,
      HfNames.QWEN_MOE,
      Trait.OPTIONAL_WINDOW,
      Trait.OWN_EXPERTS),
  QWEN3("qwen3", "Qwen3ForCausalLM", Architecture.QWEN3, HfNames.LLAMA, Trait.OPTIONAL_WINDOW),
  QWEN3_MOE(
      "qwen3_moe",
      "Qwen3MoeForCausalLM",
      Architecture.QWEN3_MOE,
      HfNames.QWEN_MOE,
      Trait.OPTIONAL_WINDOW,
      Trait.OWN_EXPERTS),
  QWEN3_5(
      "qwen3_5_text",
      "Qwen3_5ForCausalLM",
      Architecture.QWEN35,
      HfNames.LLAMA,
      Trait.NORMS_ADD_ONE,
      Trait.GUESSES),
  QWEN3_5_MOE(
      "qwen3_5_moe_text",
      "Qwen3_5MoeForCausalLM",
      Architecture.QWEN35_MOE,
      HfNames.QWEN_MOE,
      Trait.NORMS_ADD_ONE,
      Trait.GUESSES,
      Trait.OWN_EXPERTS),
  QWEN3_NEXT(
      "qwen3_next",
      "Qwen3NextForCausalLM",
      Architecture.QWEN3_NEXT,
      HfNames.QWEN_NEXT,
      Trait.NORMS_ADD_ONE,
      Trait.GUESSES,
      Trait.OWN_EXPERTS),
  ERNIE4_5("ernie4_5", "Ernie4_5ForCausalLM", Architecture.LLAMA, HfNames.LLAMA, Trait.PAIRS),
  GEMMA3(
      "gemma3_text",
      "Gemma3ForCausalLM",
      Architecture.GEMMA3,
      HfNames.GEMMA,
      Trait.NORMS_ADD_ONE,
      Trait.WINDOWS,
      Trait.OWN_WINDOW_ROPE),
  GEMMA4(
      "gemma4_text",
      "Gemma4ForCausalLM",
      Architecture.GEMMA4,
      HfNames.GEMMA,
      Trait.WINDOWS,
      Trait.OWN_WINDOW_ROPE,
      Trait.LAYERED),
  GEMMA4_MOE(
      "gemma4_text",
      "Gemma4ForCausalLM",
      Architecture.GEMMA4_MOE,
      HfNames.GEMMA_MOE,
      Trait.WINDOWS,
      Trait.OWN_WINDOW_ROPE,
      Trait.LAYERED,
      Trait.OWN_EXPERTS),
  GPT_OSS(
      "gpt_oss",
      "GptOssForCausalLM",
      Architecture.GPT_OSS,
      HfNames.GPT_OSS,
      Trait.WINDOWS,
      Trait.ALTERNATING_EXPERTS,
      Trait.WHOLE_YARN_PAIRS),
  GLM4("glm4", "Glm4ForCausalLM", Architecture.GLM4, HfNames.GLM4, Trait.PAIRS),
  GRANITE("granite", "GraniteForCausalLM", Architecture.GRANITE, HfNames.LLAMA),
  PHI3("phi3", "Phi3ForCausalLM", Architecture.PHI3, HfNames.PHI3),
  SEED_OSS("seed_oss", "SeedOssForCausalLM", Architecture.SEED_OSS, HfNames.LLAMA),
  SMOLLM3(
      "smollm3",
      "SmolLM3ForCausalLM",
      Architecture.SMOLLM3,
      HfNames.LLAMA,
      Trait.OPTIONAL_WINDOW,
      Trait.TURNING_LAYERS);

  /// In what folders differ from those of a Llama, beside what [Architecture] says.
  enum Trait {
    /// Norms multiply with one more than what the files have.
    NORMS_ADD_ONE,
    /// Rows of wq and wk are in the order of pairs.
    PAIRS,
    /// Experts have a width of their own.
    OWN_EXPERTS,
    /// Rows of gates and ups of experts take turns.
    ALTERNATING_EXPERTS,
    /// Some layers may look back over a window only, and say so by `use_sliding_window`.
    OPTIONAL_WINDOW,
    /// Layers that look back over a window are run as such; else a context ends there.
    WINDOWS,
    /// In some layers positions turn nothing.
    TURNING_LAYERS,
    /// Layers that look back over a window have a rotary embedding of their own.
    OWN_WINDOW_ROPE,
    /// Layers differ in what they have, see [dllama.model.Layering].
    LAYERED,
    /// YaRN has whole numbers of pairs at both ends of its transition as in GGUF files, where
    /// `truncate` says otherwise, too.
    WHOLE_YARN_PAIRS,
    /// There may be layers that guess tokens after the next one, which are left out.
    GUESSES
  }

  /// A model that sees or hears, too: the texts are a part of it.
  ///
  /// @param type its `model_type`
  /// @param others tensors that have nothing to do with texts begin so
  private record Seeing(String type, String program, List<String> others) {}

  private static final Seeing SEEING_GEMMA4 =
      new Seeing(
          "gemma4",
          "Gemma4ForConditionalGeneration",
          List.of("vision_tower.", "embed_vision.", "audio_tower.", "embed_audio."));

  private static final Map<HfArchitecture, Seeing> SEEING =
      Map.of(
          GEMMA3,
          new Seeing(
              "gemma3",
              "Gemma3ForConditionalGeneration",
              List.of("vision_tower.", "multi_modal_projector.")),
          GEMMA4,
          SEEING_GEMMA4,
          GEMMA4_MOE,
          SEEING_GEMMA4,
          QWEN3_5,
          new Seeing("qwen3_5", "Qwen3_5ForConditionalGeneration", List.of("visual.")),
          QWEN3_5_MOE,
          new Seeing("qwen3_5_moe", "Qwen3_5MoeForConditionalGeneration", List.of("visual.")));

  private static final Map<HfArchitecture, Activation> ACTIVATIONS =
      Map.of(
          GEMMA3, Activation.GELU,
          GEMMA4, Activation.GELU,
          GEMMA4_MOE, Activation.GELU,
          GPT_OSS, Activation.CLAMPED);

  /// Vectors that `1 +` may be said of.
  private static final Set<TensorRole> NORMS =
      EnumSet.of(
          TensorRole.ATTENTION_NORM,
          TensorRole.QUERY_NORM,
          TensorRole.KEY_NORM,
          TensorRole.ATTENTION_OUTPUT_NORM,
          TensorRole.FFN_NORM,
          TensorRole.FFN_OUTPUT_NORM,
          TensorRole.FINAL_NORM);

  private final String type;
  private final String program;
  private final Architecture plain;
  private final HfNames names;
  private final Set<Trait> traits;

  HfArchitecture(String type, String program, Architecture plain, HfNames names, Trait... traits) {
    this.type = type;
    this.program = program;
    this.plain = plain;
    this.names = names;
    this.traits = Set.of(traits);
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
    boolean experts = config.truth("enable_moe_block").orElse(false);
    return found == GEMMA4 && experts ? GEMMA4_MOE : found;
  }

  private static String types() {
    return Arrays.stream(values())
        .map(known -> known.type)
        .distinct()
        .collect(Collectors.joining(", "));
  }

  /// What a configuration says of texts: all of it, or of models that see, too, a part of it.
  static HfValues ofTexts(HfValues config) {
    String type = config.text("model_type").orElse("");
    for (Map.Entry<HfArchitecture, Seeing> known : SEEING.entrySet()) {
      Seeing seeing = known.getValue();
      List<?> programs = config.list("architectures").orElse(List.of(seeing.program));
      if (seeing.type.equals(type) && programs.contains(seeing.program)) {
        Map<String, Object> ofTexts = Map.of("model_type", known.getKey().type);
        return config.object("text_config").map(texts -> texts.or(ofTexts)).orElse(config);
      }
    }
    return config;
  }

  /// A configuration with what it leaves out.
  HfValues completed(HfValues config) {
    return config.or(HfDefaults.of(this));
  }

  /// Where a tensor of a model that sees, too, may be.
  static List<String> placesInSeeing(String tensor) {
    return List.of(
        "language_model." + tensor, tensor.replaceFirst("^model\\.", "model.language_model."));
  }

  /// Whether a tensor has nothing to do with the next token of a text.
  boolean isOther(String tensor) {
    Seeing seeing = SEEING.get(this);
    List<String> sees = seeing == null ? List.of() : seeing.others;
    List<String> guesses = has(Trait.GUESSES) ? List.of("mtp.") : List.of();
    return Stream.concat(sees.stream(), guesses.stream())
        .anyMatch(other -> tensor.startsWith(other) || tensor.startsWith("model." + other));
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

  boolean has(Trait trait) {
    return traits.contains(trait);
  }

  /// Whether positions may turn a part of a head only.
  boolean turnsParts() {
    return plain.has(Architecture.Trait.PARTIAL_ROPE);
  }

  boolean hasDeltaNets() {
    return plain.has(Architecture.Trait.DELTA_NETS);
  }

  /// Whether value heads of delta networks that share a key head are side by side.
  boolean groupsValueHeads() {
    return plain.has(Architecture.Trait.GROUPED_VALUE_HEADS);
  }

  /// What feed-forward networks do with their gates.
  Activation activation() {
    return ACTIVATIONS.getOrDefault(this, Activation.SILU);
  }

  /// Whether what the model multiplies with is one more than what the files have.
  boolean addsOne(TensorRole role) {
    return has(Trait.NORMS_ADD_ONE) && NORMS.contains(role);
  }

  /// What a matrix is a part of, if it is no tensor of its own.
  Optional<HfNames.Fused> fused(TensorRole role) {
    return names.fused(role);
  }

  /// What a tensor is called.
  String tensor(TensorRole.Name name) {
    return names.of(name);
  }

  /// What a tensor may be called, as programs of other years wrote it.
  List<String> otherNames(TensorRole.Name name) {
    return names.others(name);
  }
}
