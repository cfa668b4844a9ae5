package dllama.format.dllama;

import dllama.error.UserException;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.Rope;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.function.Predicate;

/// What the header of a `.m` file says, in the order in which one of distributed-llama's converters
/// writes it. Immutable.
public final class DllamaKeys {
  /// What keys of Meta's `params.json` are here.
  private static final Map<String, Integer> OF_META =
      Map.of(
          "dim", DllamaHeader.DIM,
          "n_layers", DllamaHeader.LAYERS,
          "n_heads", DllamaHeader.HEADS,
          "n_kv_heads", DllamaHeader.KV_HEADS,
          "vocab_size", DllamaHeader.VOCAB_SIZE,
          "max_seq_len", DllamaHeader.CONTEXT_LENGTH,
          "rope_theta", DllamaHeader.ROPE_THETA);

  private final Map<Integer, Integer> pairs;

  private DllamaKeys(Map<Integer, Integer> pairs) {
    this.pairs = pairs;
  }

  /// The keys of a model, in the order of the converter for Hugging Face; those that older programs
  /// refuse only where their values are not the default.
  ///
  /// @throws UserException if a `.m` file can not hold this model
  public static DllamaKeys of(ModelSpec spec) {
    Map<Integer, Integer> keys = new LinkedHashMap<>();
    keys.put(DllamaHeader.VERSION, 0);
    keys.put(DllamaHeader.ARCH, architecture(spec));
    keys.put(DllamaHeader.ACTIVATION, spec.activation() == Activation.GELU ? 0 : 1);
    keys.put(DllamaHeader.DIM, spec.dim());
    keys.put(DllamaHeader.FFN_DIM, spec.ffnDim());
    keys.put(DllamaHeader.LAYERS, spec.layers());
    keys.put(DllamaHeader.HEADS, spec.heads());
    keys.put(DllamaHeader.KV_HEADS, spec.kvHeads());
    keys.put(DllamaHeader.WEIGHT_TYPE, weightType(spec));
    keys.put(DllamaHeader.CONTEXT_LENGTH, spec.contextLength());
    keys.put(DllamaHeader.VOCAB_SIZE, spec.vocabSize());
    keys.put(DllamaHeader.EXPERTS, spec.experts());
    keys.put(DllamaHeader.ACTIVE_EXPERTS, spec.activeExperts());
    putRope(keys, spec.rope());
    if (spec.rope().turned(spec.headDim()) < spec.headDim()) {
      throw refused("that a part of each head does not turn");
    }
    int epsilon = epsilon(spec);
    boolean defaults = spec.headDim() * spec.heads() == spec.dim() && epsilon == 5;
    boolean old = DllamaHeader.V0_10.contains(spec.architecture());
    // These keys tell one meaning of an architecture's id from the other.
    boolean needsKeys = !old && !spec.architecture().equals(Architecture.LLAMA);
    if (old && !defaults) {
      throw refused(
          "headDim=%d and rmsEpsilon=%s of a %s model"
              .formatted(spec.headDim(), spec.rmsEpsilon(), spec.architecture().name()));
    }
    if (needsKeys || !defaults) {
      keys.put(DllamaHeader.HEAD_DIM, spec.headDim());
      keys.put(DllamaHeader.EPSILON, epsilon);
    }
    if (spec.experts() > 0 && !old) {
      keys.put(DllamaHeader.MOE_FFN_DIM, spec.ffnDim());
    }
    return new DllamaKeys(keys);
  }

  /// The keys of a model of Hugging Face's, as its converter takes them from `config.json`: those
  /// that are not in there are left out, unless that would change the arithmetic.
  ///
  /// @param configured whole numbers of `config.json`
  public static DllamaKeys ofHuggingFace(
      ModelSpec spec, Function<String, OptionalInt> configured, Predicate<String> configures) {
    Map<Integer, Integer> keys = new LinkedHashMap<>(of(spec).pairs);
    int epsilon = epsilon(spec);
    configured
        .apply("intermediate_size")
        .ifPresent(width -> keys.replace(DllamaHeader.FFN_DIM, width));
    if (spec.rope().theta() == 10_000 && !configures.test("rope_theta")) {
      keys.remove(DllamaHeader.ROPE_THETA);
    }
    keys.remove(DllamaHeader.HEAD_DIM);
    keys.remove(DllamaHeader.EPSILON);
    keys.remove(DllamaHeader.MOE_FFN_DIM);
    if (configures.test("head_dim") || spec.headDim() * spec.heads() != spec.dim()) {
      keys.put(DllamaHeader.HEAD_DIM, spec.headDim());
    }
    keys.put(DllamaHeader.EPSILON, epsilon);
    configured
        .apply("moe_intermediate_size")
        .ifPresent(width -> keys.put(DllamaHeader.MOE_FFN_DIM, width));
    return new DllamaKeys(keys);
  }

  /// The keys of a Llama in Meta's files, in the order of the converter for these. It knows nothing
  /// of scaled frequencies and of epsilons, which come last.
  ///
  /// @param params keys of `params.json` in their order
  public static DllamaKeys ofMeta(ModelSpec spec, Collection<String> params) {
    Map<Integer, Integer> rest = new LinkedHashMap<>(of(spec).pairs);
    Map<Integer, Integer> keys = new LinkedHashMap<>();
    for (String param : params) {
      Integer key = OF_META.get(param);
      if (key != null) {
        move(key, rest, keys);
      }
    }
    for (int key :
        List.of(
            DllamaHeader.KV_HEADS,
            DllamaHeader.ARCH,
            DllamaHeader.EXPERTS,
            DllamaHeader.ACTIVE_EXPERTS,
            DllamaHeader.WEIGHT_TYPE,
            DllamaHeader.FFN_DIM)) {
      move(key, rest, keys);
    }
    rest.remove(DllamaHeader.VERSION);
    rest.remove(DllamaHeader.ACTIVATION);
    if (!params.contains("rope_theta")) {
      rest.remove(DllamaHeader.ROPE_THETA);
    }
    keys.putAll(rest);
    return new DllamaKeys(keys);
  }

  private static void move(int key, Map<Integer, Integer> from, Map<Integer, Integer> to) {
    Integer value = from.remove(key);
    if (value != null) {
      to.put(key, value);
    }
  }

  /// The whole header, magic and size included.
  public ByteBuffer bytes() {
    return KeyValueHeader.bytes(DllamaHeader.MAGIC, pairs);
  }

  private static int architecture(ModelSpec spec) {
    return DllamaHeader.id(spec.architecture())
        .orElseThrow(() -> refused("a %s model".formatted(spec.architecture().name())));
  }

  /// The number of the type that all matrices have.
  private static int weightType(ModelSpec spec) {
    int number = DllamaHeader.WEIGHT_TYPES.indexOf(spec.types().matrices());
    if (number < 0 || !spec.types().others().isEmpty()) {
      throw new UserException(
          "a .m file holds weights of one type, %s, not %s; write a .gguf file"
              .formatted(DllamaHeader.WEIGHT_TYPES, spec.weightTypes()));
    }
    return number;
  }

  private static int epsilon(ModelSpec spec) {
    if (spec.rmsEpsilon() != 1e-5f && spec.rmsEpsilon() != 1e-6f) {
      throw refused("rmsEpsilon=%s, only 1e-5 and 1e-6".formatted(spec.rmsEpsilon()));
    }
    return spec.rmsEpsilon() == 1e-5f ? 5 : 6;
  }

  private static void putRope(Map<Integer, Integer> keys, Rope rope) {
    keys.put(DllamaHeader.ROPE_THETA, whole("theta", rope.theta()));
    switch (rope.scaling()) {
      case NONE -> {}
      case LLAMA31 -> {
        keys.put(DllamaHeader.ROPE_FACTOR, whole("factor", rope.factor()));
        keys.put(DllamaHeader.ROPE_LOW, whole("low frequency factor", rope.low()));
        keys.put(DllamaHeader.ROPE_HIGH, whole("high frequency factor", rope.high()));
        keys.put(DllamaHeader.ROPE_ORIGINAL, rope.originalContextLength());
        keys.put(DllamaHeader.ROPE_TYPE, DllamaHeader.ROPE_LLAMA31);
      }
      case LINEAR -> throw refused("linear rope scaling");
      case YARN -> throw refused("rope scaling by YaRN");
      case PER_PAIR -> throw refused("rope factors that are not those of Llama 3.1");
      case LONG -> throw refused("rope factors of longer contexts");
    }
  }

  private static int whole(String what, float value) {
    if (value != (int) value) {
      throw refused("the rope %s %s, which is no whole number".formatted(what, value));
    }
    return (int) value;
  }

  private static UserException refused(String what) {
    return new UserException("a .m file can not tell %s; write a .gguf file".formatted(what));
  }
}
