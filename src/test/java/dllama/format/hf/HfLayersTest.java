package dllama.format.hf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dllama.engine.HfSpecs;
import dllama.error.UserException;
import dllama.format.ModelFiles;
import dllama.format.SynthModel;
import dllama.format.SynthVocabulary;
import dllama.format.file.ModelFile;
import dllama.format.safetensors.SafetensorsFile;
import dllama.format.safetensors.SafetensorsTensor;
import dllama.format.safetensors.SafetensorsWriter;
import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.Rope;
import dllama.model.TensorRole;
import dllama.model.TensorTypes;
import dllama.tensor.DType;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What configurations say of layers that are not all alike and of experts in blocks, and what of
/// it is refused.
@Timeout(60)
class HfLayersTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  private Path write(String architecture, Map<String, ?> changes) throws IOException {
    TensorTypes types = TensorTypes.all(DType.F16);
    if (architecture.equals("gpt-oss")) {
      for (TensorRole role : List.of(TensorRole.W1, TensorRole.W3, TensorRole.W2)) {
        types = types.with(role, DType.MXFP4);
      }
    }
    ModelSpec spec = HfSpecs.of(types, Architecture.named(architecture), false);
    Path gguf = folder.resolve("made.gguf");
    SynthModel.writeGguf(gguf, spec, SynthVocabulary.of(512), 1, (bytes, total) -> {});
    try (ModelFile file = ModelFiles.open(gguf, ModelFile.Hints.NONE)) {
      ModelSource.Weights source = (ModelSource.Weights) file.source();
      return HfFolders.write(folder.resolve("hf"), source, DType.BF16, 1, changes);
    }
  }

  private static Map<String, Object> changes(String text) throws IOException {
    Map<String, Object> changes = new HashMap<>();
    ObjectNode values = (ObjectNode) JSON.readTree("{" + text.replace('\'', '"') + "}");
    values.properties().forEach(value -> changes.put(value.getKey(), value.getValue()));
    return changes;
  }

  private static ModelFile open(Path path) {
    return ModelFiles.open(path, ModelFile.Hints.NONE);
  }

  private static void shouldRefuse(Path path, String why) {
    UserException told = assertThrows(UserException.class, () -> open(path).close());
    assertTrue(String.valueOf(told.getMessage()).contains(why), told.getMessage());
    assertEquals(1, told.getMessage().lines().count());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "gpt-oss | 'swiglu_limit':5.0 | swiglu_limit is 5.0, which is not supported yet",
        "gpt-oss | 'quantization_config':{'quant_method':'gptq'} | quantization_config is",
        "gpt-oss | 'num_local_experts':5 | router.weight is 6 × 64 where 5 × 64 is needed",
        "gpt-oss | 'intermediate_size':512 | gate_up_proj_blocks is 6 × 1088 × 2 × 16 where 6 × 1024 × 2 × 16",
        "gpt-oss | 'layer_types':['full_attention'] | layer_types is [full_attention]",
        "gpt-oss | 'layer_types':['full_attention','chunked_attention'] | layer_types is",
        "qwen35 | 'attn_output_gate':false | attn_output_gate is false",
        "qwen35 | 'linear_value_head_dim':64 | linear_value_head_dim is 64",
        "qwen35 | 'linear_num_key_heads':3 | keyHeads=3 valueHeads=16",
        "qwen35 | 'linear_conv_kernel_dim':3 | conv1d.weight is 1024 × 1 × 4 where 1024 × 1 × 3",
        "qwen35 | 'layer_types':['linear_attention','linear_attention'] | delta networks",
        "qwen35 | 'layer_types':['linear_attention','sliding_attention'] | layer_types is",
        "qwen35 | 'layer_types':null,'full_attention_interval':0 | full_attention_interval is 0",
        "gemma4 | 'enable_moe_block':true | it does not tell moe_intermediate_size",
        "gemma4 | 'use_bidirectional_attention':'all' | use_bidirectional_attention is all",
        "gemma4 | 'hidden_activation':'silu' | hidden_activation is silu",
        "gemma4 | 'num_kv_shared_layers':4 | of which 4 have no keys",
        "gemma4 | 'hidden_size_per_layer_input':64 | embed_tokens_per_layer.weight is",
        "gemma4 | 'layer_types':['full_attention','full_attention','full_attention','sliding_attention'] | layer_types is",
        "gemma4 | 'rope_parameters':{'full_attention':{'rope_type':'proportional','factor':2.0}} | rope_parameters.full_attention.factor is 2.0",
        "gemma4 | 'rope_parameters':{'sliding_attention':{'rope_type':'linear','factor':2.0}} | rope_parameters.sliding_attention.rope_type is linear",
      })
  void shouldRefuse(String architecture, String changes, String why) throws IOException {
    shouldRefuse(write(architecture, changes(changes)), why);
  }

  /// What configurations leave out.
  @Test
  void shouldTakeWhatTransformersTakes() throws IOException {
    String gone = "'rope_scaling':null,'layer_types':null,'sliding_window':null,'rope_theta':null";
    try (ModelFile file = open(write("gpt-oss", changes(gone)))) {
      Rope rope = file.spec().rope();
      assertEquals(Rope.Scaling.YARN, rope.scaling());
      assertEquals(150_000, rope.theta());
      assertEquals(4096, rope.originalContextLength());
      assertEquals(128, file.spec().sliding().window());
      assertEquals(List.of(true, false), file.spec().sliding().layers());
      assertEquals(DType.MXFP4, file.spec().type(new TensorRole.Name(TensorRole.W2)));
      assertEquals(DType.Q4_0, file.spec().type(new TensorRole.Name(TensorRole.WO)));
    }
    String interval = "'layer_types':null,'full_attention_interval':2";
    try (ModelFile file = open(write("qwen35", changes(interval)))) {
      assertEquals(List.of(true, false), file.spec().deltaNet().layers());
    }
  }

  @Test
  void shouldRefuseBlocksWithoutExponents() throws IOException {
    Path path = write("gpt-oss", Map.of());
    rewrite(path, name -> name.replace("1.mlp.experts.down_proj_scales", "other"));
    shouldRefuse(path, "down_proj_blocks has no model.layers.1.mlp.experts.down_proj_scales");
  }

  /// Such layers may be in folders that are otherwise complete.
  @Test
  void shouldLeaveOutLayersThatGuess() throws IOException {
    Path path = write("qwen35", Map.of());
    rewrite(path, name -> name);
    open(path).close();
    Path other = write("gemma4", Map.of());
    rewrite(other, name -> name);
    shouldRefuse(other, "tensor mtp.fc.weight is not known of gemma4 models");
  }

  /// Gives tensors other names, and adds one.
  private static void rewrite(Path path, UnaryOperator<String> names) throws IOException {
    Path weights = path.resolve("model.safetensors");
    SafetensorsWriter writer = new SafetensorsWriter();
    try (SafetensorsFile file = SafetensorsFile.open(List.of(weights))) {
      for (SafetensorsTensor tensor : file.tensors()) {
        long[] shape = tensor.shape().stream().mapToLong(size -> size).toArray();
        byte[] bytes = file.data(tensor).toArray(ValueLayout.JAVA_BYTE);
        writer.add(names.apply(tensor.name()), tensor.type().name(), bytes, shape);
      }
    }
    writer.add("mtp.fc.weight", "F32", new byte[8], 2);
    writer.write(weights);
  }
}
