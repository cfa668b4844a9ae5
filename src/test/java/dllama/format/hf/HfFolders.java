package dllama.format.hf;

import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.format.safetensors.SafetensorsFile;
import dllama.format.safetensors.SafetensorsTensor;
import dllama.format.safetensors.SafetensorsWriter;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.Rope;
import dllama.model.Scales;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import dllama.tokenizer.ByteAlphabet;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Writes models as Hugging Face keeps them: names, order of rows and keys as transformers has
/// them.
public final class HfFolders {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final Map<TensorRole, String> NAMES =
      Map.ofEntries(
          Map.entry(TensorRole.EMBEDDING, "model.embed_tokens.weight"),
          Map.entry(TensorRole.FINAL_NORM, "model.norm.weight"),
          Map.entry(TensorRole.WCLS, "lm_head.weight"),
          Map.entry(TensorRole.ATTENTION_NORM, "model.layers.%d.input_layernorm.weight"),
          Map.entry(TensorRole.WQ, "model.layers.%d.self_attn.q_proj.weight"),
          Map.entry(TensorRole.WK, "model.layers.%d.self_attn.k_proj.weight"),
          Map.entry(TensorRole.WV, "model.layers.%d.self_attn.v_proj.weight"),
          Map.entry(TensorRole.QUERY_BIAS, "model.layers.%d.self_attn.q_proj.bias"),
          Map.entry(TensorRole.KEY_BIAS, "model.layers.%d.self_attn.k_proj.bias"),
          Map.entry(TensorRole.VALUE_BIAS, "model.layers.%d.self_attn.v_proj.bias"),
          Map.entry(TensorRole.QUERY_NORM, "model.layers.%d.self_attn.q_norm.weight"),
          Map.entry(TensorRole.KEY_NORM, "model.layers.%d.self_attn.k_norm.weight"),
          Map.entry(TensorRole.WO, "model.layers.%d.self_attn.o_proj.weight"),
          Map.entry(TensorRole.ATTENTION_OUTPUT_BIAS, "model.layers.%d.self_attn.o_proj.bias"),
          Map.entry(TensorRole.FFN_NORM, "model.layers.%d.post_attention_layernorm.weight"),
          Map.entry(TensorRole.W1, "model.layers.%d.mlp.gate_proj.weight"),
          Map.entry(TensorRole.W3, "model.layers.%d.mlp.up_proj.weight"),
          Map.entry(TensorRole.W2, "model.layers.%d.mlp.down_proj.weight"));

  private static final Map<TensorRole, String> OF_QWEN3_MOE =
      Map.of(
          TensorRole.ROUTER, "model.layers.%d.mlp.gate.weight",
          TensorRole.W1, "model.layers.%d.mlp.experts.%d.gate_proj.weight",
          TensorRole.W3, "model.layers.%d.mlp.experts.%d.up_proj.weight",
          TensorRole.W2, "model.layers.%d.mlp.experts.%d.down_proj.weight");

  private static final Map<TensorRole, String> OF_MIXTRAL =
      Map.of(
          TensorRole.ROUTER, "model.layers.%d.block_sparse_moe.gate.weight",
          TensorRole.W1, "model.layers.%d.block_sparse_moe.experts.%d.w1.weight",
          TensorRole.W3, "model.layers.%d.block_sparse_moe.experts.%d.w3.weight",
          TensorRole.W2, "model.layers.%d.block_sparse_moe.experts.%d.w2.weight");

  private static final Map<TensorRole, String> OF_QWEN2_MOE =
      Map.of(
          TensorRole.SHARED_W1, "model.layers.%d.mlp.shared_expert.gate_proj.weight",
          TensorRole.SHARED_W3, "model.layers.%d.mlp.shared_expert.up_proj.weight",
          TensorRole.SHARED_W2, "model.layers.%d.mlp.shared_expert.down_proj.weight",
          TensorRole.SHARED_GATE, "model.layers.%d.mlp.shared_expert_gate.weight");

  private static final Map<TensorRole, String> OF_PHI3 =
      Map.of(
          TensorRole.WQ, "model.layers.%d.self_attn.qkv_proj.weight",
          TensorRole.WK, "model.layers.%d.self_attn.qkv_proj.weight",
          TensorRole.WV, "model.layers.%d.self_attn.qkv_proj.weight",
          TensorRole.W1, "model.layers.%d.mlp.gate_up_proj.weight",
          TensorRole.W3, "model.layers.%d.mlp.gate_up_proj.weight");

  private static final Map<TensorRole, String> OF_GLM4 =
      Map.of(
          TensorRole.ATTENTION_OUTPUT_NORM, "model.layers.%d.post_self_attn_layernorm.weight",
          TensorRole.FFN_OUTPUT_NORM, "model.layers.%d.post_mlp_layernorm.weight",
          TensorRole.W1, "model.layers.%d.mlp.gate_up_proj.weight",
          TensorRole.W3, "model.layers.%d.mlp.gate_up_proj.weight");

  private static final Map<TensorRole, String> OF_GEMMA3 =
      Map.of(
          TensorRole.ATTENTION_OUTPUT_NORM, "model.layers.%d.post_attention_layernorm.weight",
          TensorRole.FFN_NORM, "model.layers.%d.pre_feedforward_layernorm.weight",
          TensorRole.FFN_OUTPUT_NORM, "model.layers.%d.post_feedforward_layernorm.weight");

  private HfFolders() {}

  /// Writes a model.
  ///
  /// @param type of matrices, F32, F16 or BF16; vectors and routers are F32
  /// @param files how many hold the weights, with an index if it is more than one
  /// @param changes of the configuration; null for keys that are to be left out
  public static Path write(
      Path folder, ModelSource.Weights model, DType type, int files, Map<String, ?> changes)
      throws IOException {
    Files.createDirectories(folder);
    Map<String, Object> config = config(model.spec());
    changes.forEach(config::put);
    config.values().removeIf(value -> value == null);
    Files.writeString(folder.resolve("config.json"), JSON.writeValueAsString(config));
    boolean tied = Boolean.TRUE.equals(config.get("tie_word_embeddings"));
    List<TensorRole.Name> names = new ArrayList<>(TensorRole.ofModel(model.spec()));
    names.removeIf(name -> tied && name.role() == TensorRole.WCLS);
    Map<String, List<TensorRole.Name>> tensors = new LinkedHashMap<>();
    for (TensorRole.Name name : names) {
      tensors.computeIfAbsent(name(model.spec(), name), _ -> new ArrayList<>()).add(name);
    }
    List<String> all = List.copyOf(tensors.keySet());
    Map<String, String> index = new LinkedHashMap<>();
    for (int part = 0; part < files; part++) {
      String file =
          files == 1
              ? "model.safetensors"
              : "model-%05d-of-%05d.safetensors".formatted(part + 1, files);
      SafetensorsWriter writer = new SafetensorsWriter();
      for (int i = part; i < all.size(); i += files) {
        add(writer, model, all.get(i), tensors.get(all.get(i)), type);
        index.put(all.get(i), file);
      }
      writer.write(folder.resolve(file));
    }
    if (files > 1) {
      Files.writeString(
          folder.resolve("model.safetensors.index.json"),
          JSON.writeValueAsString(Map.of("metadata", Map.of(), "weight_map", index)));
    }
    return folder;
  }

  /// Makes the model of a folder a part of one that sees, too.
  public static void putIntoSeeing(Path folder) throws IOException {
    Path config = folder.resolve("config.json");
    Map<?, ?> texts = JSON.readValue(Files.readString(config), Map.class);
    Files.writeString(
        config,
        JSON.writeValueAsString(
            Map.of(
                "model_type",
                "gemma3",
                "architectures",
                List.of("Gemma3ForConditionalGeneration"),
                "text_config",
                texts)));
    Path path = folder.resolve("model.safetensors");
    SafetensorsWriter writer = new SafetensorsWriter();
    try (SafetensorsFile file = SafetensorsFile.open(List.of(path))) {
      for (SafetensorsTensor tensor : file.tensors()) {
        long[] shape = tensor.shape().stream().mapToLong(size -> size).toArray();
        String name = "language_model." + tensor.name();
        writer.add(name, tensor.type().name(), bytes(file, tensor), shape);
      }
    }
    writer.add("vision_tower.head.bias", "F32", new byte[8], 2);
    writer.write(path);
  }

  /// Writes the weights of a folder anew, the experts of each layer in two tensors, as transformers
  /// 5 may keep them.
  public static void fuseExperts(Path folder, ModelSpec spec) throws IOException {
    Path path = folder.resolve("model.safetensors");
    SafetensorsWriter writer = new SafetensorsWriter();
    try (SafetensorsFile file = SafetensorsFile.open(List.of(path))) {
      for (SafetensorsTensor tensor : file.tensors()) {
        if (!tensor.name().contains(".experts.")) {
          long[] shape = tensor.shape().stream().mapToLong(size -> size).toArray();
          writer.add(tensor.name(), tensor.type().name(), bytes(file, tensor), shape);
        }
      }
      int dim = spec.dim();
      int ffnDim = spec.ffnDim();
      for (int layer = 0; layer < spec.layers(); layer++) {
        String experts = "model.layers.%d.mlp.experts.".formatted(layer);
        ByteArrayOutputStream gateUp = new ByteArrayOutputStream();
        ByteArrayOutputStream down = new ByteArrayOutputStream();
        String type = "";
        for (int expert = 0; expert < spec.experts(); expert++) {
          for (TensorRole role : List.of(TensorRole.W1, TensorRole.W3, TensorRole.W2)) {
            String name = name(spec, new TensorRole.Name(role, layer, expert));
            SafetensorsTensor tensor = file.tensor(name).orElseThrow();
            (role == TensorRole.W2 ? down : gateUp).writeBytes(bytes(file, tensor));
            type = tensor.type().name();
          }
        }
        writer.add(
            experts + "gate_up_proj", type, gateUp.toByteArray(), spec.experts(), 2L * ffnDim, dim);
        writer.add(experts + "down_proj", type, down.toByteArray(), spec.experts(), dim, ffnDim);
      }
    }
    writer.write(path);
  }

  private static byte[] bytes(SafetensorsFile file, SafetensorsTensor tensor) {
    return file.data(tensor).toArray(ValueLayout.JAVA_BYTE);
  }

  /// Writes a byte-level tokenizer without merges that matter: ids are bytes, then a word.
  public static void writeTokenizer(Path folder) throws IOException {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    for (int value = 0; value < 256; value++) {
      vocabulary.put(ByteAlphabet.visible(new byte[] {(byte) value}), value);
    }
    vocabulary.put("he", 256);
    Map<String, Object> tokenizer =
        Map.of(
            "added_tokens",
            List.of(Map.of("id", 257, "content", "<|end|>", "special", true)),
            "pre_tokenizer",
            Map.of("type", "ByteLevel", "add_prefix_space", false),
            "model",
            Map.of("type", "BPE", "vocab", vocabulary, "merges", List.of("h e")));
    Files.writeString(folder.resolve("tokenizer.json"), JSON.writeValueAsString(tokenizer));
  }

  /// @param parts one, or several whose rows follow each other
  private static void add(
      SafetensorsWriter writer,
      ModelSource.Weights model,
      String called,
      List<TensorRole.Name> parts,
      DType ofMatrices) {
    if (parts.size() == 1) {
      add(writer, model, called, parts.getFirst(), ofMatrices);
      return;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    long rows = 0;
    for (TensorRole.Name part : parts) {
      Matrix matrix = model.weights().get(part);
      rows += matrix.rows();
      bytes.writeBytes(
          matrix
              .rounded(ofMatrices, 0, matrix.rows(), 0, matrix.cols())
              .data()
              .toArray(ValueLayout.JAVA_BYTE));
    }
    long cols = model.weights().get(parts.getFirst()).cols();
    writer.add(called, ofMatrices.name(), bytes.toByteArray(), rows, cols);
  }

  private static void add(
      SafetensorsWriter writer,
      ModelSource.Weights model,
      String called,
      TensorRole.Name name,
      DType ofMatrices) {
    boolean exact = name.role().isVector() || name.role() == TensorRole.ROUTER;
    DType type = exact ? DType.F32 : ofMatrices;
    Matrix matrix = model.weights().get(name);
    int rows = (int) matrix.rows();
    int cols = (int) matrix.cols();
    byte[] bytes = new byte[(int) (rows * type.byteSize(cols))];
    int headDim = halved(model.spec(), name.role()) ? model.spec().headDim() : 0;
    if (rows == 1) {
      float[] values = new float[cols];
      matrix.decode(0, 0, cols, values, 0);
      if (model.spec().architecture().equals(Architecture.GEMMA3)) {
        for (int i = 0; i < cols; i++) {
          values[i]--; // its norms add one
        }
      }
      for (int i = 0; i < cols; i++) {
        put(new float[] {values[i]}, type, bytes, headDim == 0 ? i : halves(i, headDim));
      }
      if (name.role() == TensorRole.SHARED_GATE) {
        writer.add(called, type.name(), bytes, 1, cols);
      } else {
        writer.add(called, type.name(), bytes, cols);
      }
      return;
    }
    float[] values = new float[cols];
    for (int row = 0; row < rows; row++) {
      matrix.decode(row, 0, cols, values, 0);
      put(values, type, bytes, headDim == 0 ? row : halves(row, headDim));
    }
    writer.add(called, type.name(), bytes, rows, cols);
  }

  private static void put(float[] values, DType type, byte[] bytes, int row) {
    byte[] encoded = new byte[(int) type.byteSize(values.length)];
    type.encode(values, 0, values.length, MemorySegment.ofArray(encoded), 0);
    MemorySegment.copy(
        MemorySegment.ofArray(encoded),
        ValueLayout.JAVA_BYTE,
        0,
        bytes,
        row * encoded.length,
        encoded.length);
  }

  private static boolean halved(ModelSpec spec, TensorRole role) {
    return spec.architecture().rope() == Architecture.RopeStyle.ADJACENT
        && !spec.architecture().equals(Architecture.GLM4)
        && Set.of(TensorRole.WQ, TensorRole.WK, TensorRole.QUERY_BIAS, TensorRole.KEY_BIAS)
            .contains(role);
  }

  /// Where transformers has the row of an adjacent pair: both halves of a head apart.
  private static int halves(int row, int headDim) {
    int head = row / headDim;
    int pair = row % headDim / 2;
    int second = row % 2;
    return head * headDim + second * headDim / 2 + pair;
  }

  private static String name(ModelSpec spec, TensorRole.Name name) {
    String pattern =
        switch (spec.architecture().name()) {
          case "qwen3moe" -> OF_QWEN3_MOE.getOrDefault(name.role(), NAMES.get(name.role()));
          case "qwen2moe" ->
              OF_QWEN2_MOE.getOrDefault(
                  name.role(), OF_QWEN3_MOE.getOrDefault(name.role(), NAMES.get(name.role())));
          case "phi3" -> OF_PHI3.getOrDefault(name.role(), NAMES.get(name.role()));
          case "gemma3" -> OF_GEMMA3.getOrDefault(name.role(), NAMES.get(name.role()));
          case "glm4" -> OF_GLM4.getOrDefault(name.role(), NAMES.get(name.role()));
          case "llama-moe" -> OF_MIXTRAL.getOrDefault(name.role(), NAMES.get(name.role()));
          default -> NAMES.get(name.role());
        };
    return pattern.formatted(name.layer(), name.expert());
  }

  private static Map<String, Object> config(ModelSpec spec) {
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
    if (kind[0].equals("mixtral")) {
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
    return config;
  }
}
