package dllama.model;

import dllama.error.UserException;
import dllama.model.Mixture.Scores;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/// A family of models, described by what its forward pass does. There is one forward pass, which
/// reads the description; sizes and the activation are in [ModelSpec].
///
/// @param name as given to `--arch`
/// @param rope which pairs of a head's values are rotated together
/// @param traits in what it differs from the first Llama
/// @param scales those that all its models have
public record Architecture(String name, RopeStyle rope, Set<Trait> traits, Scales scales) {

  /// Which two values of a head form a pair for the rotary embedding.
  public enum RopeStyle {
    /// (2i, 2i + 1)
    ADJACENT,
    /// (j, j + half of the values that turn)
    HALF_SPLIT
  }

  /// What an architecture may have that the first Llama had not.
  public enum Trait {
    /// Queries and keys are normed, head by head, before they are rotated.
    HEAD_NORMS,
    /// Values are normed, head by head, without weights.
    VALUE_NORMS,
    /// Scores are not divided by the root of the size of a head.
    UNSCALED_SCORES,
    /// Positions may turn a part of a head only.
    PARTIAL_ROPE,
    /// Heads are normed after they are rotated, in place of before.
    HEAD_NORMS_AFTER_ROPE,
    /// A vector is added to the products of wq, wk and wv.
    ATTENTION_BIAS,
    /// A vector is added to the product of wo, after it was summed over all ranks.
    ATTENTION_OUTPUT_BIAS,
    /// What attention and feed-forward add to the residual stream is normed, after it was summed
    /// over all ranks.
    OUTPUT_NORMS,
    /// What attention and feed-forward get is not normed.
    WITHOUT_INPUT_NORMS,
    /// Where some layers slide, positions turn nothing in the others.
    ROPE_IN_SLIDING_LAYERS,
    /// The feed-forward part is a choice of `activeExperts` out of `experts` networks, see
    /// [Mixture].
    EXPERTS,
    /// Shares of experts are their scores, which do not add up to 1.
    SCORES_AS_SHARES,
    /// A mixture may have an expert that all tokens go to.
    SHARED_EXPERT,
    /// Scores of experts are sigmoids, not softmax.
    SIGMOID_SCORES,
    /// A bias is added to the scores of experts where they are chosen.
    CHOICE_BIAS,
    /// The first layers of a mixture may have one network in place of experts.
    DENSE_LAYERS,
    /// What the shared expert gives is multiplied by a share, sigmoid of a product.
    SHARED_EXPERT_GATE,
    /// A vector is added to the product of the router, and of each matrix of an expert.
    EXPERT_BIASES,
    /// The router's input is the residual stream, normed with weights of its own, and divided by
    /// the root of its length.
    ROUTER_NORM,
    /// What an expert gives is multiplied by a number of its own, beside its share.
    EXPERT_SCALES,
    /// The shared expert and the others have a norm of their own for what they are given, and one
    /// for what they give, before that is added up.
    SHARED_EXPERT_NORMS,
    /// Each layer ends with the residual stream multiplied by a number.
    LAYER_SCALES,
    /// Each head's softmax has a score more, which has no value ([dllama.tensor.Kernels#attend]).
    ATTENTION_SINKS,
    /// What attention gives is multiplied by the sigmoid of a gate, of each value. The matrix of
    /// queries has their rows, too: head by head the query's, then the gate's.
    ATTENTION_GATES,
    /// Some layers have gated delta networks in place of attention ([DeltaNet]).
    DELTA_NETS,
    /// Value heads of delta networks that share a key head are side by side; else the first of each
    /// key head come first, then the second ones, and so on.
    GROUPED_VALUE_HEADS,
    /// Rows of the embedding are multiplied by the root of their length.
    ROOT_SCALED_EMBEDDING,
    /// Each of its models has [Scales] of its own.
    OWN_SCALES,
    /// Queries may grow with their position ([Scales#query(int)]).
    GROWING_QUERIES,
    /// The router's weights have the model's weight type; else they are F32.
    ROUTER_IN_WEIGHT_TYPE,
    /// The input of wcls is not rounded to Q8_0, whatever its weights.
    UNROUNDED_OUTPUT,
    /// The partials of a rank that has no others are not rounded to the exchange type.
    UNROUNDED_LONE_PARTIAL,
    /// A text begins without a BOS token, whatever the vocabulary says.
    WITHOUT_BOS
  }

  public static final Architecture LLAMA = of("llama", RopeStyle.ADJACENT);

  /// A Llama with biases on q, k and v.
  public static final Architecture LLAMA_BIAS =
      of("llama-bias", RopeStyle.ADJACENT, Trait.ATTENTION_BIAS);

  /// A Llama with biases on q, k, v and o, as transformers has it with `attention_bias`.
  public static final Architecture LLAMA_BIASES =
      of("llama-biases", RopeStyle.ADJACENT, Trait.ATTENTION_BIAS, Trait.ATTENTION_OUTPUT_BIAS);

  /// Mixtral as llama.cpp has it: a Llama with experts, whose pairs are as a Llama's.
  public static final Architecture LLAMA_MOE = of("llama-moe", RopeStyle.ADJACENT, Trait.EXPERTS);

  public static final Architecture QWEN3 = of("qwen3", RopeStyle.HALF_SPLIT, Trait.HEAD_NORMS);

  public static final Architecture QWEN3_MOE =
      of("qwen3moe", RopeStyle.HALF_SPLIT, Trait.HEAD_NORMS, Trait.EXPERTS);

  /// Qwen 2 and 2.5, dense.
  public static final Architecture QWEN2 = of("qwen2", RopeStyle.HALF_SPLIT, Trait.ATTENTION_BIAS);

  /// Qwen 1.5 and 2 with experts.
  public static final Architecture QWEN2_MOE =
      of(
          "qwen2moe",
          RopeStyle.HALF_SPLIT,
          Trait.ATTENTION_BIAS,
          Trait.EXPERTS,
          Trait.SCORES_AS_SHARES,
          Trait.SHARED_EXPERT,
          Trait.SHARED_EXPERT_GATE);

  /// Rounds where distributed-llama 0.10.6 did, the last that ran it.
  public static final Architecture MIXTRAL =
      of(
          "mixtral",
          RopeStyle.HALF_SPLIT,
          Trait.EXPERTS,
          Trait.ROUTER_IN_WEIGHT_TYPE,
          Trait.UNROUNDED_OUTPUT,
          Trait.UNROUNDED_LONE_PARTIAL);

  /// Scales are those of xAI's grok-1 (`embedding_multiplier_scale`, `output_multiplier_scale`);
  /// rounds as [#MIXTRAL] does.
  public static final Architecture GROK1 =
      of(
              "grok1",
              RopeStyle.HALF_SPLIT,
              Trait.OUTPUT_NORMS,
              Trait.EXPERTS,
              Trait.ROUTER_IN_WEIGHT_TYPE,
              Trait.UNROUNDED_OUTPUT,
              Trait.UNROUNDED_LONE_PARTIAL,
              Trait.WITHOUT_BOS)
          .scaled(new Scales(78.383675f, 1, 0.57735026f, 0));

  /// The texts of Gemma 3.
  public static final Architecture GEMMA3 =
      of(
          "gemma3",
          RopeStyle.HALF_SPLIT,
          Trait.HEAD_NORMS,
          Trait.OUTPUT_NORMS,
          Trait.ROOT_SCALED_EMBEDDING);

  /// The texts of Gemma 4, dense. What differs from layer to layer is in [Layering] and [Sliding].
  public static final Architecture GEMMA4 =
      of(
          "gemma4",
          RopeStyle.HALF_SPLIT,
          Trait.HEAD_NORMS,
          Trait.VALUE_NORMS,
          Trait.UNSCALED_SCORES,
          Trait.OUTPUT_NORMS,
          Trait.LAYER_SCALES,
          Trait.ROOT_SCALED_EMBEDDING);

  /// Gemma 4 with experts.
  public static final Architecture GEMMA4_MOE =
      of(
          "gemma4moe",
          RopeStyle.HALF_SPLIT,
          Trait.HEAD_NORMS,
          Trait.VALUE_NORMS,
          Trait.UNSCALED_SCORES,
          Trait.OUTPUT_NORMS,
          Trait.EXPERTS,
          Trait.ROUTER_NORM,
          Trait.EXPERT_SCALES,
          Trait.SHARED_EXPERT,
          Trait.SHARED_EXPERT_NORMS,
          Trait.LAYER_SCALES,
          Trait.ROOT_SCALED_EMBEDDING);

  /// OpenAI's gpt-oss.
  public static final Architecture GPT_OSS =
      of(
          "gpt-oss",
          RopeStyle.HALF_SPLIT,
          Trait.ATTENTION_BIAS,
          Trait.ATTENTION_OUTPUT_BIAS,
          Trait.ATTENTION_SINKS,
          Trait.EXPERTS,
          Trait.EXPERT_BIASES);

  /// GLM-4 of April 2025, dense.
  public static final Architecture GLM4 =
      of("glm4", RopeStyle.ADJACENT, Trait.PARTIAL_ROPE, Trait.OUTPUT_NORMS);

  /// The same with biases on q, k and v.
  public static final Architecture GLM4_BIAS =
      of(
          "glm4-bias",
          RopeStyle.ADJACENT,
          Trait.PARTIAL_ROPE,
          Trait.OUTPUT_NORMS,
          Trait.ATTENTION_BIAS);

  /// IBM's Granite 3 and 4, dense.
  public static final Architecture GRANITE = of("granite", RopeStyle.ADJACENT, Trait.OWN_SCALES);

  public static final Architecture GRANITE_MOE =
      of("granitemoe", RopeStyle.ADJACENT, Trait.OWN_SCALES, Trait.EXPERTS, Trait.SHARED_EXPERT);

  /// SmolLM 3: in every fourth layer positions turn nothing. The others see everything, too, so
  /// their window is the whole context.
  public static final Architecture SMOLLM3 =
      of("smollm3", RopeStyle.ADJACENT, Trait.ROPE_IN_SLIDING_LAYERS);

  /// Phi 3 and 4.
  public static final Architecture PHI3 = of("phi3", RopeStyle.HALF_SPLIT, Trait.PARTIAL_ROPE);

  public static final Architecture SEED_OSS =
      of("seed-oss", RopeStyle.HALF_SPLIT, Trait.ATTENTION_BIAS);

  /// Ministral 3.
  public static final Architecture MISTRAL3 =
      of("mistral3", RopeStyle.ADJACENT, Trait.GROWING_QUERIES);

  public static final Architecture EXAONE4 =
      of(
          "exaone4",
          RopeStyle.HALF_SPLIT,
          Trait.HEAD_NORMS,
          Trait.OUTPUT_NORMS,
          Trait.WITHOUT_INPUT_NORMS,
          Trait.ROPE_IN_SLIDING_LAYERS);

  /// Tencent's Hunyuan, dense.
  public static final Architecture HUNYUAN =
      of("hunyuan-dense", RopeStyle.HALF_SPLIT, Trait.HEAD_NORMS, Trait.HEAD_NORMS_AFTER_ROPE);

  public static final Architecture HUNYUAN_MOE =
      of(
          "hunyuan-moe",
          RopeStyle.HALF_SPLIT,
          Trait.HEAD_NORMS,
          Trait.HEAD_NORMS_AFTER_ROPE,
          Trait.EXPERTS,
          Trait.SHARED_EXPERT);

  /// EXAONE 3 and 3.5.
  public static final Architecture EXAONE = of("exaone", RopeStyle.HALF_SPLIT);

  /// GLM-4.5 Air and what is built like it.
  public static final Architecture GLM4_MOE =
      of(
          "glm4moe",
          RopeStyle.HALF_SPLIT,
          Trait.PARTIAL_ROPE,
          Trait.ATTENTION_BIAS,
          Trait.EXPERTS,
          Trait.SIGMOID_SCORES,
          Trait.CHOICE_BIAS,
          Trait.SHARED_EXPERT,
          Trait.DENSE_LAYERS);

  /// GLM-4.5 to 4.7: the same with norms of query and key heads.
  public static final Architecture GLM4_MOE_NORMS =
      of(
          "glm4moe-norms",
          RopeStyle.HALF_SPLIT,
          Trait.PARTIAL_ROPE,
          Trait.ATTENTION_BIAS,
          Trait.HEAD_NORMS,
          Trait.EXPERTS,
          Trait.SIGMOID_SCORES,
          Trait.CHOICE_BIAS,
          Trait.SHARED_EXPERT,
          Trait.DENSE_LAYERS);

  /// Baidu's Ernie 4.5 with experts.
  public static final Architecture ERNIE4_5_MOE =
      of(
          "ernie4_5-moe",
          RopeStyle.ADJACENT,
          Trait.EXPERTS,
          Trait.CHOICE_BIAS,
          Trait.SHARED_EXPERT,
          Trait.DENSE_LAYERS);

  /// dots.llm1.
  public static final Architecture DOTS1 =
      of(
          "dots1",
          RopeStyle.HALF_SPLIT,
          Trait.HEAD_NORMS,
          Trait.EXPERTS,
          Trait.SIGMOID_SCORES,
          Trait.CHOICE_BIAS,
          Trait.SHARED_EXPERT,
          Trait.DENSE_LAYERS);

  /// The texts of Qwen 3.5 and 3.6, dense.
  public static final Architecture QWEN35 =
      of(
          "qwen35",
          RopeStyle.HALF_SPLIT,
          Trait.HEAD_NORMS,
          Trait.PARTIAL_ROPE,
          Trait.ATTENTION_GATES,
          Trait.DELTA_NETS);

  /// The same with experts.
  public static final Architecture QWEN35_MOE =
      of(
          "qwen35moe",
          RopeStyle.HALF_SPLIT,
          Trait.HEAD_NORMS,
          Trait.PARTIAL_ROPE,
          Trait.ATTENTION_GATES,
          Trait.DELTA_NETS,
          Trait.EXPERTS,
          Trait.SHARED_EXPERT,
          Trait.SHARED_EXPERT_GATE);

  public static final Architecture QWEN3_NEXT =
      of(
          "qwen3next",
          RopeStyle.HALF_SPLIT,
          Trait.HEAD_NORMS,
          Trait.PARTIAL_ROPE,
          Trait.ATTENTION_GATES,
          Trait.DELTA_NETS,
          Trait.GROUPED_VALUE_HEADS,
          Trait.EXPERTS,
          Trait.SHARED_EXPERT,
          Trait.SHARED_EXPERT_GATE);

  private static final List<Architecture> ALL =
      List.of(
          LLAMA,
          LLAMA_BIAS,
          LLAMA_BIASES,
          LLAMA_MOE,
          QWEN2,
          QWEN2_MOE,
          QWEN3,
          QWEN3_MOE,
          MIXTRAL,
          GROK1,
          GEMMA3,
          GEMMA4,
          GEMMA4_MOE,
          GPT_OSS,
          GLM4,
          GLM4_BIAS,
          GRANITE,
          GRANITE_MOE,
          SMOLLM3,
          PHI3,
          SEED_OSS,
          MISTRAL3,
          EXAONE4,
          HUNYUAN,
          HUNYUAN_MOE,
          EXAONE,
          GLM4_MOE,
          GLM4_MOE_NORMS,
          ERNIE4_5_MOE,
          DOTS1,
          QWEN35,
          QWEN35_MOE,
          QWEN3_NEXT);

  public Architecture {
    // In the order of the enum, so that the same description reads the same everywhere.
    EnumSet<Trait> ordered = EnumSet.noneOf(Trait.class);
    ordered.addAll(traits);
    traits = Collections.unmodifiableSet(ordered);
  }

  private static Architecture of(String name, RopeStyle rope, Trait... traits) {
    return new Architecture(name, rope, Set.copyOf(Arrays.asList(traits)), Scales.NONE);
  }

  private Architecture scaled(Scales other) {
    return new Architecture(name, rope, traits, other);
  }

  /// The scales of a model of this width.
  public Scales scales(int dim) {
    return has(Trait.ROOT_SCALED_EMBEDDING) ? scales.withEmbedding((float) Math.sqrt(dim)) : scales;
  }

  /// A mixture without a shared expert, as its models have it.
  public Mixture mixture() {
    Scores scores = has(Trait.SIGMOID_SCORES) ? Scores.SIGMOID : Scores.SOFTMAX;
    return Mixture.PLAIN.scored(scores, !has(Trait.SCORES_AS_SHARES), 1);
  }

  public boolean has(Trait trait) {
    return traits.contains(trait);
  }

  /// Every architecture that the forward pass is tested with.
  public static List<Architecture> all() {
    return ALL;
  }

  /// The architecture of a name that a user gave.
  ///
  /// @throws UserException for an unknown one
  public static Architecture named(String name) {
    return ALL.stream()
        .filter(known -> known.name.equals(name.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new UserException(
                    "architecture '%s' is not known; choose one of %s"
                        .formatted(
                            name,
                            ALL.stream()
                                .map(Architecture::name)
                                .collect(Collectors.joining(", ")))));
  }
}
