package dllama.format.gguf;

import dllama.error.UserException;
import dllama.model.Layering;
import dllama.model.ModelSpec;
import dllama.model.Rope;
import dllama.model.Sliding;
import dllama.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What a GGUF file says before its tensors, so that llama.cpp loads it, and the tensors that
/// scaled frequencies of Llama 3.1 and factors of single pairs are there: divisors of the plain
/// ones.
///
/// @param start all bytes before the tensors
/// @param factors the last tensors; none without such factors
/// @param bytes of the whole file
public record GgufHeader(ByteBuffer start, List<ByteBuffer> factors, long bytes) {
  /// llama.cpp's number for "mostly this type".
  private static final Map<DType, Integer> FILE_TYPES =
      Map.ofEntries(
          Map.entry(DType.F32, 0),
          Map.entry(DType.F16, 1),
          Map.entry(DType.BF16, 32),
          Map.entry(DType.Q4_0, 2),
          Map.entry(DType.Q4_1, 3),
          Map.entry(DType.Q5_0, 8),
          Map.entry(DType.Q5_1, 9),
          Map.entry(DType.Q8_0, 7),
          Map.entry(DType.Q2_K, 10),
          Map.entry(DType.Q3_K, 12),
          Map.entry(DType.Q4_K, 15),
          Map.entry(DType.Q5_K, 17),
          Map.entry(DType.Q6_K, 18),
          Map.entry(DType.IQ4_NL, 25),
          Map.entry(DType.IQ4_XS, 30),
          Map.entry(DType.MXFP4, 38));

  /// The header of a model.
  ///
  /// @param name for people
  /// @throws UserException if the format can not hold this model
  public static GgufHeader of(ModelSpec spec, GgufLayout layout, GgufTokens tokens, String name) {
    String family = family(spec);
    GgufHeaderWriter header = new GgufHeaderWriter();
    boolean apart = spec.feedForwardSums() > 1;
    header
        .put("general.architecture", family)
        .put("general.name", name)
        .put("general.alignment", GgufHeaderWriter.ALIGNMENT)
        .put("general.quantization_version", 2)
        .put("general.file_type", fileType(spec.types().matrices()))
        .put(family + ".vocab_size", spec.vocabSize())
        .put(family + ".context_length", spec.contextLength())
        .put(family + ".embedding_length", spec.dim())
        .put(family + ".block_count", spec.layers());
    putInLayers(
        header,
        family + ".feed_forward_length",
        layer -> apart ? spec.mixture().shared() : denseDim(spec, layer),
        spec);
    header.put(family + ".attention.head_count", spec.heads());
    putInLayers(
        header,
        family + ".attention.head_count_kv",
        layer -> spec.attention(layer).kvHeads(),
        spec);
    header
        .put(family + ".attention.key_length", spec.headDim())
        .put(family + ".attention.value_length", spec.headDim())
        .put(family + ".attention.layer_norm_rms_epsilon", spec.rmsEpsilon())
        .put(family + ".rope.dimension_count", turning(spec).turned(spec.headDim()))
        .put(family + ".rope.freq_base", turning(spec).theta());
    if (spec.experts() > 0) {
      header
          .put(family + ".expert_count", spec.experts())
          .put(family + ".expert_used_count", spec.activeExperts())
          .put(family + ".expert_feed_forward_length", spec.ffnDim());
    }
    if (!apart) {
      GgufMixture.put(header, family, spec);
    }
    GgufScales.put(header, family, spec);
    putScaling(header, family + ".rope.scaling.", turning(spec));
    putSliding(header, family, spec.sliding());
    GgufDeltaNet.put(header, family, spec);
    putLayering(header, family, spec);
    tokens.describe(header, spec.vocabSize());
    for (GgufLayout.Group group : layout.groups()) {
      header.tensor(group.name(), type(group.dtype()), group.dims(spec), group.bytes());
    }
    Rope rope = turning(spec);
    List<ByteBuffer> factors =
        switch (rope.scaling()) {
          case LLAMA31, PER_PAIR -> List.of(ropeFactors(spec));
          case LONG -> longRopeFactors(rope);
          case NONE, LINEAR, YARN -> List.of();
        };
    List<String> names =
        factors.size() > 1 ? GgufNames.LONG_ROPE_FACTORS : List.of(GgufNames.ROPE_FACTORS);
    for (int i = 0; i < factors.size(); i++) {
      long[] dims = {factors.get(i).remaining() / Float.BYTES};
      header.tensor(names.get(i), type(DType.F32), dims, factors.get(i).remaining());
    }
    ByteBuffer start = header.bytes();
    return new GgufHeader(start, factors, start.remaining() + header.dataBytes());
  }

  /// Width of a layer that has no experts, or would have if there were such layers.
  private static int denseDim(ModelSpec spec, int layer) {
    return spec.mixture().denseLayers() > 0 ? spec.mixture().dense() : spec.ffnDim(layer);
  }

  /// That of the layers in which something turns.
  private static Rope turning(ModelSpec spec) {
    return spec.rope().turned() == 0 ? spec.sliding().rope() : spec.rope();
  }

  private static String family(ModelSpec spec) {
    if (spec.activation() != GgufArchitecture.activation(spec.architecture())) {
      throw new UserException(
          "a GGUF file can not tell the activation %s".formatted(spec.activation()));
    }
    return GgufArchitecture.family(spec.architecture())
        .orElseThrow(
            () ->
                new UserException(
                    "a GGUF file can not be written of a %s model"
                        .formatted(spec.architecture().name())));
  }

  private static void putScaling(GgufHeaderWriter header, String prefix, Rope rope) {
    switch (rope.scaling()) {
      case NONE, LLAMA31, PER_PAIR -> {}
      case LONG ->
          header
              .put(prefix + "original_context_length", rope.originalContextLength())
              .put(prefix + "attn_factor", rope.magnitude());
      case LINEAR -> header.put(prefix + "type", "linear").put(prefix + "factor", rope.factor());
      case YARN ->
          header
              .put(prefix + "type", "yarn")
              .put(prefix + "factor", rope.factor())
              .put(prefix + "original_context_length", rope.originalContextLength())
              .put(prefix + "yarn_beta_slow", rope.low())
              .put(prefix + "yarn_beta_fast", rope.high())
              .put(prefix + "attn_factor", attention(rope));
    }
  }

  private static void putSliding(GgufHeaderWriter header, String family, Sliding sliding) {
    if (sliding.window() > 0) {
      String pattern = family + ".attention.sliding_window_pattern";
      if (sliding.headDim() > 0) {
        header
            .putBools(pattern, sliding.layers())
            .put(family + ".attention.key_length_swa", sliding.headDim())
            .put(family + ".attention.value_length_swa", sliding.headDim())
            .put(family + ".rope.dimension_count_swa", sliding.headDim());
      } else if (sliding.period() == 0) {
        throw new UserException("a GGUF file can not tell which layers slide here");
      } else {
        header.put(pattern, sliding.period());
      }
      header
          .put(family + ".attention.sliding_window", sliding.window())
          .put(family + ".rope.freq_base_swa", sliding.rope().theta());
    }
  }

  private static void putLayering(GgufHeaderWriter header, String family, ModelSpec spec) {
    Layering layering = spec.layering();
    if (layering.borrowers() > 0) {
      header.put(family + ".attention.shared_kv_layers", layering.borrowers());
    }
    if (layering.inputDim() > 0) {
      header.put(family + ".embedding_length_per_layer_input", layering.inputDim());
    }
  }

  /// One number where it is the same in all layers.
  private static void putInLayers(
      GgufHeaderWriter header, String key, IntUnaryOperator ofLayer, ModelSpec spec) {
    List<Integer> values = IntStream.range(0, spec.layers()).map(ofLayer).boxed().toList();
    if (values.stream().distinct().count() == 1) {
      header.put(key, values.getFirst().intValue());
    } else {
      header.putInts(key, values);
    }
  }

  /// The factor apart from what YaRN itself makes of how far it slows down.
  private static float attention(Rope rope) {
    return (float) (rope.magnitude() / (1 + 0.1 * StrictMath.log(rope.factor())));
  }

  /// ggml's number of a type.
  private static int type(DType dtype) {
    return GgmlType.valueOf(dtype.name()).id();
  }

  private static int fileType(DType dtype) {
    Integer number = FILE_TYPES.get(dtype);
    if (number == null) {
      throw new UserException("a GGUF file can not be written with %s weights".formatted(dtype));
    }
    return number;
  }

  private static List<ByteBuffer> longRopeFactors(Rope rope) {
    int pairs = rope.factors().size() / 2;
    return Stream.of(0, pairs)
        .map(from -> rope.factors().subList(from, from + pairs))
        .map(
            factors -> {
              ByteBuffer bytes =
                  ByteBuffer.allocate(pairs * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
              factors.forEach(bytes::putFloat);
              return bytes.flip();
            })
        .toList();
  }

  static ByteBuffer ropeFactors(ModelSpec spec) {
    int turned = spec.rope().turned(spec.headDim());
    int pairs = turned / 2;
    Rope unscaled = Rope.unscaled(spec.rope().theta()).turning(turned);
    ByteBuffer factors = ByteBuffer.allocate(pairs * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int pair = 0; pair < pairs; pair++) {
      double plain = unscaled.frequency(pair, spec.headDim());
      double scaled = spec.rope().frequency(pair, spec.headDim());
      factors.putFloat((float) (plain / scaled));
    }
    return factors.flip();
  }
}
