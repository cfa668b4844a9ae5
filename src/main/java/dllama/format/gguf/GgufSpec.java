package dllama.format.gguf;

import dllama.error.UserException;
import dllama.model.Architecture;
import dllama.model.Architecture.Trait;
import dllama.model.DeltaNet;
import dllama.model.Layering;
import dllama.model.Mixture;
import dllama.model.ModelSpec;
import dllama.model.Rope;
import dllama.model.Scales;
import dllama.model.Sliding;
import dllama.model.TensorRole;
import dllama.model.TensorTypes;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/// What a GGUF file's metadata say of the model: sizes and all that changes the arithmetic. A key
/// of the model's own that is not known here is refused, because it may change it, too.
final class GgufSpec {
  private static final String GUESSING = "nextn_predict_layers";

  /// Read here or by [GgufRope].
  private static final Set<String> READ =
      Set.of(
          "block_count",
          "context_length",
          "embedding_length",
          "feed_forward_length",
          "attention.head_count",
          "attention.head_count_kv",
          "attention.key_length",
          "attention.value_length",
          "attention.layer_norm_rms_epsilon",
          "expert_count",
          "expert_used_count",
          "expert_feed_forward_length",
          GUESSING,
          "rope.dimension_count",
          "rope.freq_base",
          "rope.scale_linear",
          "rope.scaling.type",
          "rope.scaling.factor",
          "rope.scaling.original_context_length",
          "rope.scaling.attn_factor",
          "rope.scaling.yarn_ext_factor",
          "rope.scaling.yarn_log_multiplier",
          "rope.scaling.yarn_beta_slow",
          "rope.scaling.yarn_beta_fast");

  /// Say nothing that is not said elsewhere, or nothing about the arithmetic of texts.
  private static final Set<String> HARMLESS =
      Set.of("vocab_size", "tensor_data_layout", "attention.layer_count");

  /// Says nothing but in Granite's files, where false stands for no rotary embedding.
  private static final String FINETUNED = "rope.scaling.finetuned";

  /// Would change the arithmetic, unless they have this value.
  private static final Map<String, Double> NEUTRAL =
      Map.ofEntries(
          Map.entry("attention.causal", 1.0),
          Map.entry("attention.clamp_kqv", 0.0),
          Map.entry("attention.max_alibi_bias", 0.0),
          Map.entry("attn_logit_softcapping", 0.0),
          Map.entry("final_logit_softcapping", 0.0),
          Map.entry("embedding_scale", 1.0),
          Map.entry("residual_scale", 1.0),
          Map.entry("logit_scale", 1.0),
          Map.entry("expert_shared_count", 0.0),
          Map.entry("expert_group_count", 1.0),
          Map.entry("expert_group_used_count", 1.0),
          Map.entry("expert_gating_func", 1.0),
          Map.entry("expert_weights_norm", 1.0),
          Map.entry("expert_weights_scale", 1.0),
          Map.entry("leading_dense_block_count", 0.0),
          Map.entry("decoder_sparse_step", 1.0),
          Map.entry("interleave_moe_layer_step", 1.0),
          Map.entry("use_parallel_residual", 0.0));

  /// Architectures in which layers slide, and where no key tells, which ones: all but the last of
  /// so many.
  private static final Map<Architecture, Integer> PERIODS =
      Map.of(
          Architecture.GEMMA3, 6,
          Architecture.GEMMA4, 6,
          Architecture.GEMMA4_MOE, 6,
          Architecture.GPT_OSS, 2,
          Architecture.SMOLLM3, 4,
          Architecture.EXAONE4, 4);

  /// Architectures in which what layers have may differ: see [Layering].
  private static final Set<Architecture> LAYERED =
      Set.of(Architecture.GEMMA4, Architecture.GEMMA4_MOE);

  private static final String BORROWERS = "attention.shared_kv_layers";
  private static final String INPUTS = "embedding_length_per_layer_input";
  private static final Set<String> LAYERED_KEYS = Set.of(BORROWERS, INPUTS);

  /// Families that see pictures, too. Tokens of texts have one position for each of its axes.
  private static final Set<String> SEEING = Set.of("qwen2vl", "qwen3vl", "qwen3vlmoe");

  private static final Set<String> OF_PICTURES =
      Set.of("rope.dimension_sections", "n_deepstack_layers");

  private static final int MOST_LAYERS = 1 << 10;

  private final GgufFile file;
  private final GgufMetadata metadata;
  private final String prefix;

  GgufSpec(GgufFile file) {
    this.file = file;
    this.metadata = file.metadata();
    this.prefix = file.architecture() + ".";
  }

  /// The model, but for the types of its tensors, which the tensors say.
  ///
  /// @param vocabSize rows of the embedding
  /// @throws UserException for a model that is not supported, or that can not be
  ModelSpec read(Architecture architecture, TensorTypes types, int vocabSize) {
    metadata.keys().stream()
        .filter(key -> key.startsWith(prefix))
        .forEach(key -> check(key, architecture));
    int layers = layers();
    int dim = u32("embedding_length");
    int heads = sameInAllLayers("attention.head_count", layers);
    int headDim = headDim(dim, heads);
    int experts = metadata.u32(prefix + "expert_count", 0);
    int[] ffnDims = ffnDims(architecture, layers, experts);
    int ffnDim = IntStream.of(ffnDims).max().orElseThrow();
    Rope rope = new GgufRope(file, file.architecture()).read(headDim);
    if (rope.turned(headDim) < headDim && !architecture.has(Trait.PARTIAL_ROPE)) {
      throw refused("rope.dimension_count", "less than the %d values of a head".formatted(headDim));
    }
    int[] allKvHeads = kvHeads(architecture, layers, heads);
    int contextLength = u32("context_length");
    Sliding sliding = sliding(architecture, layers, contextLength, rope, headDim, allKvHeads);
    int kvHeads = new GgufSliding(file).kvHeads(sliding, allKvHeads, false).orElse(allKvHeads[0]);
    Layering layering = layering(architecture, layers, sliding, ffnDims);
    DeltaNet deltaNet =
        architecture.has(Trait.DELTA_NETS)
            ? new GgufDeltaNet(file).read(architecture, layers, rope.turned(headDim))
            : DeltaNet.NONE;
    Mixture mixture = new GgufMixture(file).read(architecture, ffnDims[0]);
    Scales scales = new GgufScales(file).read(architecture, dim, heads, headDim, layers, rope);
    int activeExperts = experts == 0 ? 0 : u32("expert_used_count");
    float epsilon = metadata.f32(prefix + "attention.layer_norm_rms_epsilon");
    return file.checked(
        () ->
            new ModelSpec(
                architecture,
                types,
                dim,
                ffnDim,
                experts,
                activeExperts,
                layers,
                heads,
                kvHeads,
                headDim,
                vocabSize,
                contextLength,
                epsilon,
                GgufArchitecture.activation(architecture),
                rope,
                sliding,
                scales,
                mixture,
                layering,
                deltaNet));
  }

  private int[] kvHeads(Architecture architecture, int layers, int heads) {
    String key = "attention.head_count_kv";
    int[] all = new int[layers];
    Arrays.fill(all, heads);
    if (metadata.has(prefix + key)) {
      if (LAYERED.contains(architecture)) {
        return inLayers(key, layers);
      }
      Arrays.fill(all, sameInAllLayers(key, layers));
    }
    return all;
  }

  private Layering layering(Architecture architecture, int layers, Sliding sliding, int[] ffnDims) {
    if (!LAYERED.contains(architecture)) {
      return Layering.NONE;
    }
    boolean same = IntStream.of(ffnDims).distinct().count() == 1;
    List<Integer> widths = same ? List.of() : IntStream.of(ffnDims).boxed().toList();
    int borrowers = metadata.u32(prefix + BORROWERS, 0);
    boolean keysAreValues =
        IntStream.range(0, Math.max(0, layers - borrowers))
            .filter(layer -> !sliding.at(layer))
            .anyMatch(layer -> !hasValues(architecture, layer));
    int inputs = metadata.u32(prefix + INPUTS, 0);
    return file.checked(() -> new Layering(widths, borrowers, keysAreValues, inputs));
  }

  private boolean hasValues(Architecture architecture, int layer) {
    return file.tensor(GgufNames.of(architecture, TensorRole.WV, layer)).isPresent();
  }

  private Sliding sliding(
      Architecture architecture,
      int layers,
      int contextLength,
      Rope rope,
      int headDim,
      int[] kvHeads) {
    if (!PERIODS.containsKey(architecture)) {
      return Sliding.NONE;
    }
    GgufSliding reader = new GgufSliding(file);
    int window = architecture.equals(Architecture.SMOLLM3) ? contextLength : 0;
    Sliding sliding = reader.read(PERIODS.get(architecture), window, layers, rope);
    return LAYERED.contains(architecture) ? reader.withHeads(sliding, headDim, kvHeads) : sliding;
  }

  /// Layers, as many as can be gone through.
  int layers() {
    int layers = u32("block_count") - guessingLayers();
    if (layers < 1 || layers > MOST_LAYERS) {
      throw file.damaged("%sblock_count is %d, which can not be".formatted(prefix, layers));
    }
    return layers;
  }

  /// Layers behind the others that guess tokens after the next one.
  int guessingLayers() {
    return metadata.u32(prefix + GUESSING, 0);
  }

  /// Of each layer.
  private int[] ffnDims(Architecture architecture, int layers, int experts) {
    boolean own = experts > 0 && metadata.has(prefix + "expert_feed_forward_length");
    String key = own ? "expert_feed_forward_length" : "feed_forward_length";
    if (LAYERED.contains(architecture) && !own) {
      return inLayers(key, layers);
    }
    int[] all = new int[layers];
    Arrays.fill(all, sameInAllLayers(key, layers));
    return all;
  }

  private int headDim(int dim, int heads) {
    if (heads < 1 || (dim % heads != 0 && !metadata.has(prefix + "attention.key_length"))) {
      throw file.damaged("%d heads do not divide %d values".formatted(heads, dim));
    }
    int headDim = metadata.u32(prefix + "attention.key_length", dim / heads);
    int value = metadata.u32(prefix + "attention.value_length", headDim);
    if (value != headDim) {
      throw refused("attention.value_length", "%d beside keys of %d".formatted(value, headDim));
    }
    return headDim;
  }

  private int u32(String key) {
    return metadata.u32(prefix + key);
  }

  private int[] inLayers(String key, int layers) {
    return metadata
        .perLayer(prefix + key, layers)
        .orElseThrow(() -> file.damaged("it does not tell %s%s".formatted(prefix, key)));
  }

  private int sameInAllLayers(String key, int layers) {
    int[] values = inLayers(key, layers);
    for (int value : values) {
      if (value != values[0] || value < 0) {
        throw refused(key, "not the same in all layers");
      }
    }
    return values[0];
  }

  private void check(String key, Architecture architecture) {
    String own = key.substring(prefix.length());
    if (READ.contains(own) || HARMLESS.contains(own)) {
      return;
    }
    if (FINETUNED.equals(own) && architecture.has(Trait.OWN_SCALES) && !metadata.bool(key, true)) {
      throw refused(own, "false, so that positions turn nothing");
    }
    boolean layered = LAYERED.contains(architecture);
    boolean ofLayers =
        (GgufSliding.KEYS.contains(own) && PERIODS.containsKey(architecture))
            || (GgufSliding.HEAD_KEYS.contains(own) && layered)
            || (LAYERED_KEYS.contains(own) && layered);
    boolean ofPictures = OF_PICTURES.contains(own) && SEEING.contains(file.architecture());
    if (FINETUNED.equals(own)
        || ofLayers
        || ofPictures
        || GgufScales.knows(own, architecture)
        || GgufMixture.knows(own, architecture)) {
      return;
    }
    boolean ofDeltaNets = GgufDeltaNet.KEYS.contains(own);
    if (ofDeltaNets && architecture.has(Trait.DELTA_NETS)) {
      return;
    }
    if ("attention.sliding_window".equals(own)) {
      int window = metadata.u32(key);
      if (window != 0 && window < u32("context_length")) {
        throw refused(own, String.valueOf(window));
      }
      return;
    }
    Double neutral = NEUTRAL.get(own);
    if (neutral == null || !metadata.number(key).equals(Optional.of(neutral))) {
      throw refused(own, metadata.shown(key));
    }
  }

  private UserException refused(String key, String value) {
    return file.refused(
        "%s%s is %s, which is not supported yet".formatted(prefix, key, value),
        "its answers would be wrong");
  }
}
