package dllama.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.Conformance;
import dllama.error.UserException;
import dllama.format.BuiltInModel;
import dllama.format.ModelFiles;
import dllama.format.dllama.TokenizerWriter;
import dllama.format.file.ModelFile;
import dllama.format.hf.HfFolders;
import dllama.model.ModelSource;
import dllama.session.LoadedModel;
import dllama.settings.Settings;
import dllama.tensor.DType;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectTest {
  @TempDir Path folder;

  private static String inspected(Path file, String... options) {
    List<String> all = new ArrayList<>(List.of("inspect", file.toString()));
    all.addAll(List.of(options));
    Settings settings =
        Arguments.parse(all.toArray(String[]::new)).orElseThrow().settings(new Properties());
    var out = new ByteArrayOutputStream();
    Inspect.run(settings, new PrintStream(out, true, UTF_8));
    return out.toString(UTF_8);
  }

  private static JsonNode json(Path file, String... options) throws IOException {
    List<String> all = new ArrayList<>(List.of(options));
    all.addAll(List.of("--output", "json"));
    return new ObjectMapper().readTree(inspected(file, all.toArray(String[]::new)));
  }

  private static Path gguf(String name) {
    return Conformance.file("gguf/" + name, "model.gguf");
  }

  @Test
  void shouldTellOfAGgufModel() throws IOException {
    JsonNode told = json(gguf("llama31_f16"));
    JsonNode golden = Conformance.json("gguf/llama31_f16", "golden.json");
    assertEquals("llama", told.get("architecture").asText());
    assertEquals(golden.get("size").asLong(), told.get("bytes").asLong());
    long parameters = 0;
    int tensors = 0;
    for (JsonNode tensor : golden.get("tensors")) {
      long values = 1;
      for (JsonNode dim : tensor.get("dims")) {
        values *= dim.asLong();
      }
      parameters += values;
      tensors++;
    }
    assertEquals(parameters, told.get("parameters").asLong());
    assertEquals("F16", told.at("/types/0/type").asText());
    assertEquals(
        tensors, told.at("/types/0/tensors").asInt() + told.at("/types/1/tensors").asInt());
    assertEquals("base 500000.0, a factor for each pair", told.at("/sizes/rope").asText());
    assertEquals(256, told.at("/sizes/contextLength").asInt());
    assertEquals("byte-level pairs", told.at("/tokenizer/kind").asText());
    assertEquals("llama-bpe", told.at("/tokenizer/preTokenizer").asText());
    assertEquals("<|eot_id|>", told.at("/tokenizer/ends/0/text").asText());
    assertTrue(told.get("tensors").isEmpty());
    assertTrue(told.get("unsupported").isEmpty());
  }

  @Test
  void shouldTellOfWindows() throws IOException {
    Path path = gguf("gptoss_mxfp4");
    JsonNode sizes = json(path).get("sizes");
    assertEquals(16, sizes.get("window").asInt());
    assertEquals(1, sizes.get("slidingLayers").asInt());
    assertTrue(inspected(path).contains("window         16 positions in 1 of 2 layers"));
  }

  @Test
  void shouldNeedWhatANodeHolds() throws IOException {
    Path path = gguf("qwen2_q4_k_m");
    JsonNode told = json(path, "--max-seq-len", "200");
    assertEquals(4, told.get("memory").size() + told.get("unusable").size());
    var settings =
        Settings.load(Optional.empty(), new Properties(), List.of())
            .model()
            .with(Optional.of(path), Optional.empty());
    try (LoadedModel model = LoadedModel.open(settings)) {
      for (JsonNode row : told.get("memory")) {
        assertEquals(200, row.get("contextLength").asInt());
        assertEquals(
            model.nodeBytes(row.get("nodes").asInt()),
            row.get("slice").asLong() + row.get("cache").asLong());
      }
    }
  }

  @Test
  void shouldListEveryTensor() throws IOException {
    JsonNode tensors = json(gguf("qwen2_q4_k_m"), "--tensors").get("tensors");
    JsonNode golden = Conformance.json("gguf/qwen2_q4_k_m", "golden.json").get("tensors");
    assertEquals(golden.size(), tensors.size());
    for (int i = 0; i < tensors.size(); i++) {
      assertEquals(golden.get(i).get("name"), tensors.get(i).get("name"));
      assertEquals(golden.get(i).get("dims"), tensors.get(i).get("shape"));
    }
    assertTrue(inspected(gguf("qwen2_q4_k_m"), "--tensors").contains("blk.0.attn_q.weight "));
  }

  @Test
  void shouldTakeAllPartsOfAModel() throws IOException {
    JsonNode whole = json(gguf("llama_q4_k_m"));
    Conformance.file("gguf/split_llama_q4_k_m", "model-00002-of-00002.gguf"); // unpacked beside
    JsonNode parts = json(Conformance.file("gguf/split_llama_q4_k_m", "model-00001-of-00002.gguf"));
    assertEquals(2, parts.get("files").size());
    for (String same : List.of("parameters", "types", "sizes", "memory", "tokenizer")) {
      assertEquals(whole.get(same), parts.get(same));
    }
  }

  @Test
  void shouldTellOfADllamaModel() throws IOException {
    JsonNode told = json(Conformance.file("qwen3moe_q40", "model.m"), "--tensors");
    assertEquals(".m file", told.get("format").asText());
    assertEquals("qwen3moe", told.get("architecture").asText());
    assertTrue(told.at("/sizes/experts").asInt() > 0);
    assertEquals("wq of layer 1", told.at("/tensors/4/name").asText(), told.toString());
    String text = inspected(Conformance.file("llama31_rope_f32", "model.m"));
    assertTrue(text.contains("llama31, factor "), text);
    assertTrue(text.contains("\n1 node "), text);
  }

  @Test
  void shouldTellOfAFolderOfHuggingFaces() throws IOException {
    try (ModelFile gguf = ModelFiles.open(gguf("llama31_f16"), ModelFile.Hints.NONE)) {
      HfFolders.write(folder, (ModelSource.Weights) gguf.source(), DType.F16, 2, Map.of());
    }
    HfFolders.writeTokenizer(folder);
    JsonNode told = json(folder);
    assertEquals("Hugging Face folder", told.get("format").asText());
    assertEquals(2, told.get("files").size());
    assertEquals("F16", told.at("/types/0/type").asText());
    assertEquals(258, told.at("/tokenizer/size").asInt());
    assertEquals(1, told.at("/tokenizer/special").asInt());
    assertEquals(4, told.get("memory").size() + told.get("unusable").size());
    assertTrue(told.get("unsupported").isEmpty(), told.toString());
  }

  @Test
  void shouldTellOfATokenizer() throws IOException {
    Path path = folder.resolve("demo.t");
    Vocabulary vocabulary = BuiltInModel.vocabulary();
    TokenizerWriter.write(path, vocabulary);
    JsonNode told = json(path);
    assertEquals(".t file", told.get("format").asText());
    assertEquals(vocabulary.size(), told.at("/tokenizer/size").asInt());
    assertEquals("chatml", told.at("/chatTemplate/known").asText());
    assertTrue(told.get("architecture").isNull());
    assertTrue(inspected(path).contains("looks like chatml"));
  }

  /// What it is, and what stops it.
  @Test
  void shouldTellOfWhatIsNotSupported() throws IOException {
    byte[] known = Files.readAllBytes(gguf("llama31_f16"));
    Path strange = folder.resolve("strange.gguf");
    // Everywhere, keys included, and of the same length.
    String other = new String(known, StandardCharsets.ISO_8859_1).replace("llama", "lhama");
    Files.write(strange, other.getBytes(StandardCharsets.ISO_8859_1));
    JsonNode told = json(strange);
    assertEquals("lhama", told.get("architecture").asText());
    assertEquals("256", told.at("/keys/lhama.context_length").asText());
    assertTrue(told.at("/unsupported/0").asText().contains("architecture lhama is not supported"));
    assertTrue(told.get("sizes").isNull());
    assertTrue(told.get("memory").isEmpty());
    assertTrue(told.at("/tokenizer/preTokenizer").asText().startsWith("lhama-bpe (not known"));
    String text = inspected(strange);
    assertTrue(text.contains("unsupported    model file"), text);
    Path archive = Files.write(folder.resolve("a.zip"), new byte[] {'P', 'K', 3, 4, 0, 0});
    assertTrue(inspected(archive).contains("it is a ZIP archive"));
  }

  @Test
  void shouldRefuseWhatCanNotBeReadWithOneLine() throws IOException {
    Path cut = folder.resolve("cut.gguf");
    Files.write(cut, Arrays.copyOf(Files.readAllBytes(gguf("llama31_f16")), 1000));
    Path model = folder.resolve("cut.m");
    Files.write(
        model,
        Arrays.copyOf(Files.readAllBytes(Conformance.file("llama_gqa_f32", "model.m")), 1000));
    Path text = Files.writeString(folder.resolve("text"), "once upon a time");
    for (Path path : List.of(cut, model, text, folder.resolve("none"), folder)) {
      UserException e = assertThrows(UserException.class, () -> inspected(path));
      assertEquals(1, e.getMessage().lines().count(), e.getMessage());
      assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
    }
  }

  @Test
  void shouldNotObeyWhatAFileSays() throws IOException {
    byte[] known = Files.readAllBytes(gguf("llama31_f16"));
    Path path = folder.resolve("escape.gguf");
    String other =
        new String(known, StandardCharsets.ISO_8859_1).replace("llama-bpe", "\u001b[2J\u001b[1m!");
    Files.write(path, other.getBytes(StandardCharsets.ISO_8859_1));
    assertFalse(inspected(path).contains("\u001b"));
  }
}
