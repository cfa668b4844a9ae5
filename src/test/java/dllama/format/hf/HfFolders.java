package dllama.format.hf;

import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.format.safetensors.SafetensorsFile;
import dllama.format.safetensors.SafetensorsTensor;
import dllama.format.safetensors.SafetensorsWriter;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
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

  /// Matrices that are F32 in all models.
  private static final Set<TensorRole> EXACT =
      Set.of(TensorRole.ROUTER, TensorRole.LAYER_PROJECTION);

  /// Those whose norms multiply with one more than what the files have.
  private static final Set<Architecture> ADDING_ONE =
      Set.of(
          Architecture.GEMMA3,
          Architecture.QWEN35,
          Architecture.QWEN35_MOE,
          Architecture.QWEN3_NEXT);

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
    Map<String, Object> config = HfFolderConfig.of(model.spec());
    changes.forEach(config::put);
    config.values().removeIf(value -> value == null);
    Files.writeString(folder.resolve("config.json"), JSON.writeValueAsString(config));
    boolean tied = Boolean.TRUE.equals(config.get("tie_word_embeddings"));
    List<TensorRole.Name> names = new ArrayList<>(TensorRole.ofModel(model.spec()));
    names.removeIf(name -> tied && name.role() == TensorRole.WCLS);
    Map<String, List<TensorRole.Name>> tensors = new LinkedHashMap<>();
    for (TensorRole.Name name : names) {
      tensors
          .computeIfAbsent(HfFolderNames.of(model.spec(), name), _ -> new ArrayList<>())
          .add(name);
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
    String program = String.valueOf(((List<?>) texts.get("architectures")).getFirst());
    Files.writeString(
        config,
        JSON.writeValueAsString(
            Map.of(
                "model_type",
                String.valueOf(texts.get("model_type")).replace("_text", ""),
                "architectures",
                List.of(program.replace("CausalLM", "ConditionalGeneration")),
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
    String eyes = program.startsWith("Qwen") ? "model.visual." : "vision_tower.";
    writer.add(eyes + "head.bias", "F32", new byte[8], 2);
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
            String name = HfFolderNames.of(spec, new TensorRole.Name(role, layer, expert));
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
    if (called.contains("mlp.experts.") && parts.size() > 1) {
      HfFolderExperts.add(writer, model, called, parts, ofMatrices);
      return;
    }
    if (parts.size() == 1) {
      add(writer, model, called, parts.getFirst(), ofMatrices);
      return;
    }
    if (called.contains("linear_attn.in_proj_")) {
      byte[] all = HfFolderHeads.byKeyHead(model, parts, ofMatrices);
      long columns = model.spec().dim();
      writer.add(
          called, ofMatrices.name(), all, all.length / ofMatrices.byteSize(columns), columns);
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
    if (called.contains(".experts.")) {
      long experts = model.spec().experts();
      writer.add(called, ofMatrices.name(), bytes.toByteArray(), experts, rows / experts, cols);
      return;
    }
    writer.add(called, ofMatrices.name(), bytes.toByteArray(), rows, cols);
  }

  private static void add(
      SafetensorsWriter writer,
      ModelSource.Weights model,
      String called,
      TensorRole.Name name,
      DType ofMatrices) {
    boolean exact = name.role().isVector() || EXACT.contains(name.role());
    DType type = exact ? DType.F32 : ofMatrices;
    Matrix matrix = model.weights().get(name);
    int rows = (int) matrix.rows();
    int cols = (int) matrix.cols();
    byte[] bytes = new byte[(int) (rows * type.byteSize(cols))];
    int headDim = halved(model.spec(), name.role()) ? model.spec().headDim() : 0;
    if (rows == 1) {
      float[] values = new float[cols];
      matrix.decode(0, 0, cols, values, 0);
      boolean norm = called.endsWith("norm.weight") && name.role() != TensorRole.DELTA_NORM;
      if (norm && ADDING_ONE.contains(model.spec().architecture())) {
        for (int i = 0; i < cols; i++) {
          values[i]--;
        }
      }
      for (int i = 0; i < cols; i++) {
        float value =
            name.role() == TensorRole.DELTA_DECAY ? (float) Math.log(-values[i]) : values[i];
        int place = headDim == 0 ? HfFolderHeads.place(model.spec(), name, i) : halves(i, headDim);
        put(new float[] {value}, type, bytes, place);
      }
      if (name.role() == TensorRole.SHARED_GATE) {
        writer.add(called, type.name(), bytes, 1, cols);
      } else if (name.role() == TensorRole.DELTA_FILTER) {
        int kernel = model.spec().deltaNet().kernel();
        writer.add(called, type.name(), bytes, cols / kernel, 1, kernel);
      } else {
        writer.add(called, type.name(), bytes, cols);
      }
      return;
    }
    float[] values = new float[cols];
    for (int row = 0; row < rows; row++) {
      matrix.decode(row, 0, cols, values, 0);
      float[] columns = HfFolderHeads.columns(model.spec(), name, values);
      int place =
          headDim == 0 ? HfFolderHeads.place(model.spec(), name, row) : halves(row, headDim);
      put(columns, type, bytes, place);
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
}
