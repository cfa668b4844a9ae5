package dllama.format.hf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dllama.error.UserException;
import dllama.format.ModelFiles;
import dllama.format.SynthModel;
import dllama.format.dllama.DllamaFile;
import dllama.format.file.ModelFile;
import dllama.format.safetensors.SafetensorsWriter;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.Rope;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import dllama.tensor.RowOrder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is read of a configuration, and what is refused.
@Timeout(20)
class HfModelRefusalsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  private static ModelSpec spec(Architecture architecture, Rope rope) {
    boolean experts = architecture.has(Architecture.Trait.EXPERTS);
    return new ModelSpec(
        architecture,
        DType.F32,
        64,
        96,
        experts ? 4 : 0,
        experts ? 2 : 0,
        2,
        4,
        2,
        32,
        70,
        128,
        1e-5f,
        Activation.SILU,
        rope);
  }

  private Path write(Architecture architecture, Map<String, ?> changes) throws IOException {
    Path made = folder.resolve("made.m");
    ModelSpec spec = spec(architecture, Rope.unscaled(10000));
    // What a .m file can not hold is taken from one that has the same tensors, and more.
    Architecture written =
        switch (architecture.name()) {
          case "llama-moe" -> Architecture.QWEN3_MOE;
          case "llama-bias" -> Architecture.QWEN2;
          default -> architecture;
        };
    SynthModel.write(made, spec(written, Rope.unscaled(10000)), 1, (bytes, total) -> {});
    try (DllamaFile file = DllamaFile.open(made)) {
      ModelSource.Weights source = new ModelSource.Weights(spec, file.weights());
      return HfFolders.write(folder.resolve("hf"), source, DType.BF16, 1, changes);
    }
  }

  private static ModelFile open(Path path) {
    return ModelFiles.open(path, ModelFile.Hints.NONE);
  }

  private static void shouldRefuse(Path path, String why) {
    UserException told = assertThrows(UserException.class, () -> open(path).close());
    assertTrue(String.valueOf(told.getMessage()).contains(why), told.getMessage());
    assertEquals(1, told.getMessage().lines().count());
  }

  /// Changes `'key':value`, with `'` for `"`.
  private static Map<String, Object> changes(String text) throws IOException {
    Map<String, Object> changes = new HashMap<>();
    ObjectNode values = (ObjectNode) JSON.readTree("{" + text.replace('\'', '"') + "}");
    values.properties().forEach(value -> changes.put(value.getKey(), value.getValue()));
    return changes;
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "llama-bias", "llama-moe", "qwen2", "qwen3", "qwen3moe"})
  void shouldReadEveryArchitecture(String name) throws IOException {
    Architecture architecture = Architecture.named(name);
    try (ModelFile file = open(write(architecture, Map.of()))) {
      ModelSpec expected = spec(architecture, Rope.unscaled(10000));
      assertEquals(architecture, file.spec().architecture());
      assertEquals(expected.experts(), file.spec().experts());
      assertEquals(List.of(DType.Q4_0), file.spec().weightTypes());
      assertEquals(Optional.empty(), file.warning());
      assertEquals(Optional.empty(), file.vocabulary());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'rope_theta':null | NONE",
        "'rope_scaling':{'type':'linear','factor':4} | LINEAR",
        "'rope_scaling':{'type':'linear','factor':1} | NONE",
        "'rope_scaling':{'rope_type':'default'} | NONE",
        "'rope_scaling':{'type':'default','rope_type':'llama3','factor':8.0,'low_freq_factor':1.0,'high_freq_factor':4.0,'original_max_position_embeddings':64} | LLAMA31",
        "'rope_scaling':{'type':'yarn','factor':4.0,'original_max_position_embeddings':64} | YARN",
        "'rope_parameters':{'rope_type':'yarn','factor':4.0,'rope_theta':10000.0},'rope_theta':5 | YARN",
      })
  void shouldReadTheRotaryEmbedding(String changes, String scaling) throws IOException {
    try (ModelFile file = open(write(Architecture.LLAMA, changes(changes)))) {
      assertEquals(Rope.Scaling.valueOf(scaling), file.spec().rope().scaling());
      assertEquals(10000, file.spec().rope().theta());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'factor':4.0 | 1.1386294",
        "'factor':4.0,'attention_factor':1.5 | 1.5",
        "'factor':40,'mscale':1.0,'mscale_all_dim':1.0 | 1",
        "'factor':40,'mscale':2.0,'mscale_all_dim':1.0 | 1.26948",
        "'factor':0.5 | 1",
      })
  void shouldReadTheMagnitudeOfYarn(String values, float magnitude) throws IOException {
    String scaling = "'rope_scaling':{'rope_type':'yarn',%s}".formatted(values);
    try (ModelFile file = open(write(Architecture.LLAMA, changes(scaling)))) {
      assertEquals(magnitude, file.spec().rope().magnitude(), 1e-6f);
      assertEquals(128, file.spec().rope().originalContextLength());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "llama | 'sliding_window':64 | 64",
        "llama | 'sliding_window':null | 128",
        "llama | 'sliding_window':4096 | 128",
        "qwen2 | 'sliding_window':64,'use_sliding_window':false | 128",
        "qwen2 | 'sliding_window':64,'use_sliding_window':true | 64",
        "qwen3 | 'sliding_window':64,'layer_types':['full_attention','full_attention'] | 128",
        "qwen3 | 'sliding_window':64,'layer_types':['full_attention','sliding_attention'] | 64",
      })
  void shouldEndTheContextWithTheWindow(String name, String changes, int context)
      throws IOException {
    try (ModelFile file = open(write(Architecture.named(name), changes(changes)))) {
      assertEquals(context, file.spec().contextLength());
      assertEquals(context < 128, file.warning().isPresent());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "llama | 'model_type':'gemma2' | model_type gemma2 is not supported, only llama, mistral, mixtral",
        "llama | 'model_type':null | model_type none is not supported",
        "llama | 'model_type':7 | model_type is 7, not a text",
        "llama | 'architectures':['LlamaForSequenceClassification'] | which is not supported, only LlamaForCausalLM",
        "llama | 'hidden_act':'gelu' | hidden_act is gelu, which is not supported yet",
        "llama | 'mlp_bias':true | mlp_bias is true, which is not supported yet",
        "llama | 'quantization_config':{'quant_method':'gptq'} | quantization_config is",
        "llama | 'partial_rotary_factor':0.5 | partial_rotary_factor is 0.5",
        "llama | 'rope_scaling':{'type':'linear','partial_rotary_factor':0.5} | rope_scaling.partial_rotary_factor is 0.5",
        "llama | 'rope_scaling':{'type':'dynamic','factor':2} | rope_scaling.type is dynamic",
        "llama | 'rope_scaling':{'rope_type':'longrope'} | rope_scaling.rope_type is longrope",
        "llama | 'rope_scaling':{'type':'linear'} | it does not tell rope_scaling.factor",
        "llama | 'rope_scaling':{'type':'linear','factor':-2} | factor=-2.0 is not possible",
        "llama | 'rope_scaling':{'rope_type':'yarn','factor':4,'truncate':false} | rope_scaling.truncate is false",
        "llama | 'rope_scaling':[] | rope_scaling is [], not an object",
        "llama | 'hidden_size':null | it does not tell hidden_size",
        "llama | 'hidden_size':'64' | hidden_size is 64, not a number",
        "llama | 'hidden_size':64.5 | hidden_size is 64.5, no whole number in the possible range",
        "llama | 'hidden_size':-64 | hidden_size is -64, no whole number in the possible range",
        "llama | 'hidden_size':1e300 | no whole number in the possible range",
        "llama | 'hidden_size':96 | tensor model.embed_tokens.weight is 70 × 64 where 70 × 96 is needed",
        "llama | 'num_hidden_layers':3 | tensor model.layers.2.input_layernorm.weight is in none of its files",
        "llama | 'num_hidden_layers':1 | tensor model.layers.1.",
        "llama | 'num_hidden_layers':99999999 | num_hidden_layers is 99999999",
        "llama | 'num_hidden_layers':0 | num_hidden_layers is 0",
        "llama | 'num_attention_heads':0 | heads=0 is outside",
        "llama | 'num_key_value_heads':3 | heads=4 is not a multiple of kvHeads=3",
        "llama | 'intermediate_size':90 | ffnDim=90 is not a multiple of 32, as Q4_0 weights need",
        "llama | 'rms_norm_eps':null | it does not tell rms_norm_eps",
        "llama | 'max_position_embeddings':0 | contextLength=0 is outside",
        "llama | 'layer_types':['chunked_attention'] | layer_types is [chunked_attention]",
        "qwen3moe | 'norm_topk_prob':false | norm_topk_prob is false",
        "qwen3moe | 'norm_topk_prob':null | it does not tell norm_topk_prob, and the default is not supported",
        "qwen3moe | 'mlp_only_layers':[1] | mlp_only_layers is [1]",
        "qwen3moe | 'decoder_sparse_step':2 | decoder_sparse_step is 2",
        "qwen3moe | 'num_experts_per_tok':9 | activeExperts=9 is outside",
        "qwen3moe | 'num_experts':5000 | experts=5000 is outside",
      })
  void shouldRefuse(String name, String changes, String why) throws IOException {
    shouldRefuse(write(Architecture.named(name), changes(changes)), why);
  }

  /// Two tensors for all experts of a layer are the same model as three for each of them.
  @ParameterizedTest
  @ValueSource(strings = {"llama-moe", "qwen3moe"})
  void shouldReadExpertsThatAreOneTensor(String name) throws IOException {
    Path path = write(Architecture.named(name), Map.of());
    Map<TensorRole.Name, float[]> expected = values(path);
    HfFolders.fuseExperts(path, spec(Architecture.named(name), Rope.unscaled(10000)));
    Map<TensorRole.Name, float[]> got = values(path);
    assertEquals(expected.keySet(), got.keySet());
    expected.forEach((of, values) -> assertArrayEquals(values, got.get(of), of.text()));
    Map<String, Object> config = changes("'num_experts_per_tok':1");
    config.put(name.equals("qwen3moe") ? "num_experts" : "num_local_experts", 3);
    ObjectNode read = (ObjectNode) JSON.readTree(path.resolve("config.json").toFile());
    config.forEach(read::putPOJO);
    Files.writeString(path.resolve("config.json"), JSON.writeValueAsString(read));
    shouldRefuse(path, "gate.weight is 4 × 64 where 3 × 64 is needed by config.json");
    read.put("num_experts", 4).put("num_local_experts", 4);
    read.put("moe_intermediate_size", 32).put("intermediate_size", 32);
    Files.writeString(path.resolve("config.json"), JSON.writeValueAsString(read));
    shouldRefuse(path, "gate_up_proj is 4 × 192 × 64 where 4 × 64 × 64 is needed by config.json");
  }

  private static Map<TensorRole.Name, float[]> values(Path path) {
    Map<TensorRole.Name, float[]> values = new HashMap<>();
    try (ModelFile file = open(path)) {
      file.weights()
          .tensors()
          .forEach(
              (name, matrix) -> {
                int cols = (int) matrix.cols();
                float[] all = new float[(int) matrix.rows() * cols];
                for (int row = 0; row < matrix.rows(); row++) {
                  matrix.decode(row, 0, cols, all, row * cols);
                }
                values.put(name, all);
              });
    }
    return values;
  }

  @Test
  void shouldReadTiedEmbeddings() throws IOException {
    Path tied = write(Architecture.LLAMA, Map.of("tie_word_embeddings", true));
    try (ModelFile file = open(tied)) {
      assertEquals(70, file.spec().vocabSize());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "model.embed_tokens.weight | I8 | has I8 weights, which are not supported",
        "model.embed_tokens.weight | F8_E4M3 | has F8_E4M3 weights, which are not supported",
        "model.layers.0.self_attn.o_proj.bias | F32 | model.embed_tokens.weight is in none",
      })
  void shouldRefuseOtherTensors(String name, String type, String why) throws IOException {
    Path path = write(Architecture.LLAMA, Map.of());
    SafetensorsWriter writer = new SafetensorsWriter();
    int size = type.equals("F32") ? 4 : 1;
    writer
        .add(name, type, new byte[70 * 64 * size], 70, 64)
        .write(path.resolve("model.safetensors"));
    shouldRefuse(path, why);
  }

  @Test
  void shouldRefuseTensorsThatHaveNoPlace() throws IOException {
    Path path = write(Architecture.QWEN3, Map.of());
    Map<String, Object> config = new HashMap<>();
    config.put("model_type", "qwen2");
    config.put("architectures", List.of("Qwen2ForCausalLM"));
    Path other = write(Architecture.QWEN3, config);
    shouldRefuse(other, "self_attn.q_proj.bias is in none of its files");
    config.put("model_type", "llama");
    config.put("architectures", List.of("LlamaForCausalLM"));
    shouldRefuse(write(Architecture.QWEN3, config), "is not known of llama models");
    assertEquals(path, other);
  }

  @Test
  void shouldObeyHints() throws IOException {
    Path path = write(Architecture.LLAMA_MOE, Map.of());
    var mixtral = new ModelFile.Hints(Optional.of(Architecture.MIXTRAL), Optional.empty());
    try (ModelFile file = ModelFiles.open(path, mixtral)) {
      assertEquals(Architecture.MIXTRAL, file.spec().architecture());
      assertTrue(
          file.weights().tensors().values().stream().allMatch(of -> of.order() == RowOrder.PLAIN));
    }
    var other = new ModelFile.Hints(Optional.of(Architecture.QWEN3), Optional.empty());
    UserException told = assertThrows(UserException.class, () -> ModelFiles.open(path, other));
    assertTrue(told.getMessage().contains("it is a llama-moe model; leave --arch out"));
    var type = new ModelFile.Hints(Optional.empty(), Optional.of(DType.Q4_K));
    UserException why = assertThrows(UserException.class, () -> ModelFiles.open(path, type));
    assertTrue(why.getMessage().contains("--weights-float-type q4k: nothing is rounded to that"));
  }

  @Test
  void shouldFindTheFiles() throws IOException {
    Path path = write(Architecture.LLAMA, Map.of());
    Path whole = path.resolve("model.safetensors");
    UserException one = assertThrows(UserException.class, () -> open(whole));
    assertTrue(one.getMessage().contains("give the folder as --model"), one.getMessage());
    Files.move(whole, path.resolve("model-00001-of-00002.safetensors"));
    shouldRefuse(path, "has 1 of 2 files");
    Files.move(
        path.resolve("model-00001-of-00002.safetensors"),
        path.resolve("model-00001-of-00001.safetensors"));
    open(path).close();
    Path index = path.resolve("model.safetensors.index.json");
    Files.writeString(index, "{\"weight_map\":{\"a\":\"../model.safetensors\"}}");
    shouldRefuse(path, "names a file '../model.safetensors', which can not be one of its folder");
    Files.writeString(index, "{\"weight_map\":{\"a\":\"other.safetensors\"}}");
    shouldRefuse(path, "other.safetensors does not exist");
    Files.writeString(index, "{\"weight_map\":{}}");
    shouldRefuse(path, "names 0 files");
    Files.writeString(index, "{\"weight_map\":[]}");
    shouldRefuse(path, "something else where an object is needed");
    Files.delete(index);
    Files.delete(path.resolve("model-00001-of-00001.safetensors"));
    shouldRefuse(path, "has no model.safetensors");
    Files.writeString(path.resolve("config.json"), "[".repeat(1000));
    shouldRefuse(path, "something else where an object is needed");
    Files.writeString(path.resolve("config.json"), "{\"a\":" + "[".repeat(1000));
    shouldRefuse(path, "too deep");
    Files.writeString(path.resolve("config.json"), "{\"a\":[" + "0,".repeat(100_000) + "0]}");
    shouldRefuse(path, "more values than any such file");
    Files.writeString(path.resolve("config.json"), "hello");
    shouldRefuse(path, "it is no JSON");
    Files.delete(path.resolve("config.json"));
    shouldRefuse(path, "is a folder without config.json");
  }
}
