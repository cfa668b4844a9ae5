package dllama.format.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.tokenizer.TokenStream;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Ids that llama.cpp gives, of real vocabularies where the larger collection is there.
class GgufTokenizerConformanceTest {
  @TempDir Path folder;

  @TestFactory
  Stream<DynamicTest> shouldEncodeAndDecodeAsLlamaCpp() {
    List<Path> goldens =
        Stream.of("gpt-2", "falcon", "deepseek-llm", "starcoder", "llama-spm")
            .flatMap(name -> Conformance.shared("gguf-vocab/" + name, "golden.json").stream())
            .toList();
    List<Path> overrides =
        Stream.of(
                "command-r",
                "deepseek-v3",
                "default",
                "glm4",
                "gpt-4o",
                "kimi-k2",
                "llama-bpe",
                "qwen2",
                "qwen35",
                "smollm",
                "tekken")
            .flatMap(name -> Conformance.shared("gguf-vocab/pre-override", name + ".json").stream())
            .toList();
    assumeTrue(!goldens.isEmpty(), "the larger collection is not there");
    return Stream.concat(goldens.stream(), overrides.stream())
        .flatMap(
            path -> {
              String name = path.getParent().getFileName() + " " + path.getFileName().toString();
              return Stream.of(
                  DynamicTest.dynamicTest(name + ", encode", () -> encode(path)),
                  DynamicTest.dynamicTest(name + ", decode", () -> decode(path)));
            });
  }

  private Tokenizer tokenizer(Path goldenPath, JsonNode golden) throws IOException {
    Path file = goldenPath.resolveSibling(golden.get("vocab_file").asText());
    String pre = golden.get("tokenizer.ggml.pre").asText();
    if (golden.has("pre_in_file")) {
      byte[] content = Files.readAllBytes(file);
      content = withPre(content, golden.get("pre_in_file").asText(), pre);
      file = Files.write(folder.resolve("vocab.gguf"), content);
    }
    try (GgufFile gguf = GgufFile.open(file)) {
      assertEquals(Optional.empty(), GgufTokenizer.warning(gguf));
      return GgufTokenizer.of(gguf);
    }
  }

  /// Replaces the name of the pre-tokenizer; nothing else in such a file depends on its length.
  private static byte[] withPre(byte[] content, String old, String pre) {
    byte[] key = "tokenizer.ggml.pre".getBytes(StandardCharsets.US_ASCII);
    int at = 0;
    while (!Arrays.equals(content, at, at + key.length, key, 0, key.length)) {
      at++;
    }
    at += key.length + 4;
    ByteArrayOutputStream changed = new ByteArrayOutputStream();
    changed.write(content, 0, at);
    changed.writeBytes(GgufBytes.text(pre));
    int rest = at + 8 + old.length();
    changed.write(content, rest, content.length - rest);
    return changed.toByteArray();
  }

  private void encode(Path path) throws IOException {
    JsonNode golden = Conformance.json(path);
    Tokenizer tokenizer = tokenizer(path, golden);
    Vocabulary vocabulary = tokenizer.vocabulary();
    assertEquals(golden.get("n_tokens").asInt(), vocabulary.size());
    assertEquals(golden.get("bos").asInt(), vocabulary.bosId());
    assertEquals(golden.get("eos").asInt(), vocabulary.eosIds().getFirst());
    assertEquals(golden.get("add_bos").asBoolean(), vocabulary.addBos());
    StringBuilder wrong = new StringBuilder();
    for (JsonNode entry : golden.get("strings")) {
      byte[] text = Conformance.bytes(entry.get("hex"));
      int[] ids =
          tokenizer.encode(
              text, entry.get("add_special").asBoolean(), entry.get("parse_special").asBoolean());
      if (!entry.has("ids")) {
        continue; // llama.cpp throws there
      }
      JsonNode expected =
          entry.has("ids_by_model_regex") ? entry.get("ids_by_model_regex") : entry.get("ids");
      if (!Arrays.equals(Conformance.ints(expected), ids)) {
        wrong.append("%n%s%n  %s%n  %s".formatted(entry, expected, Arrays.toString(ids)));
      }
    }
    assertEquals("", wrong.toString());
  }

  private void decode(Path path) throws IOException {
    JsonNode golden = Conformance.json(path);
    Tokenizer tokenizer = tokenizer(path, golden);
    Vocabulary vocabulary = tokenizer.vocabulary();
    for (JsonNode entry : golden.path("decode")) {
      int[] ids = Conformance.ints(entry.get("ids"));
      boolean special = entry.get("special").asBoolean();
      for (int i = 0; i < ids.length; i++) {
        boolean silent = !special && vocabulary.printing().silent().get(ids[i]);
        String piece = silent ? "" : HexFormat.of().formatHex(vocabulary.pieces()[ids[i]]);
        assertEquals(entry.get("pieces_hex").get(i).asText(), piece, entry.toString());
      }
      if (!special && ids.length > 0) {
        assertStream(entry, ids, vocabulary);
      }
    }
  }

  /// What a stream shows is the whole text, if that is one.
  private static void assertStream(JsonNode entry, int[] ids, Vocabulary vocabulary) {
    byte[] expected = Conformance.bytes(entry.get("detokenize_hex"));
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(expected));
    } catch (CharacterCodingException e) {
      return;
    }
    if (Arrays.stream(ids)
        .anyMatch(id -> id == vocabulary.bosId() || vocabulary.eosIds().contains(id))) {
      return; // one begins a text, the other ends it; llama.cpp looks at their place only
    }
    TokenStream stream = new TokenStream(vocabulary);
    stream.follow(vocabulary.bosId());
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    for (int id : ids) {
      shown.writeBytes(stream.nextBytes(id));
    }
    assertArrayEquals(expected, shown.toByteArray(), entry.toString());
  }

  @TestFactory
  Stream<DynamicTest> shouldEncodeAsLlamaCppWithOwnVocabularies() {
    Optional<Path> list = Conformance.shared("gguf", "tokenizers.json");
    assumeTrue(list.isPresent(), "the larger collection is not there");
    return Conformance.json(list.get())
        .valueStream()
        .map(entry -> DynamicTest.dynamicTest(entry.get("tokenizer").asText(), () -> own(entry)));
  }

  private static void own(JsonNode golden) {
    Path model =
        Conformance.shared("gguf/" + golden.get("model").asText(), "model.gguf").orElseThrow();
    Tokenizer tokenizer;
    try (GgufFile file = GgufFile.open(model)) {
      tokenizer = GgufTokenizer.of(file);
    }
    int id = 0;
    for (JsonNode piece : golden.get("pieces_hex")) {
      assertEquals(
          piece.asText(),
          HexFormat.of().formatHex(tokenizer.vocabulary().pieces()[id]),
          "token " + id);
      id++;
    }
    for (JsonNode entry : golden.get("encode")) {
      byte[] text = Conformance.bytes(entry.get("utf8_hex"));
      String message = entry.toString();
      int[] plain = Conformance.ints(entry.get("ids_plain"));
      assertArrayEquals(plain, tokenizer.encode(text, false, false), message);
      assertArrayEquals(
          Conformance.ints(entry.get("ids_add_special")),
          tokenizer.encode(text, true, false),
          message);
      assertArrayEquals(
          Conformance.ints(entry.get("ids_add_special_parse_special")),
          tokenizer.encode(text, true, true),
          message);
    }
  }

  @TestFactory
  Stream<DynamicTest> shouldEncodeTheTextsOfModels() throws IOException {
    Optional<Path> index = Conformance.shared("gguf", "index.json");
    assumeTrue(index.isPresent(), "the larger collection is not there");
    List<Path> models;
    try (Stream<Path> folders = Files.list(index.get().getParent())) {
      models =
          folders
              .filter(path -> Files.exists(path.resolve("model.gguf")))
              .filter(path -> Files.exists(path.resolve("golden.json")))
              .sorted()
              .toList();
    }
    assertTrue(models.size() > 30);
    return models.stream()
        .map(model -> DynamicTest.dynamicTest(model.getFileName().toString(), () -> model(model)));
  }

  private static void model(Path folder) {
    try (GgufFile file = GgufFile.open(folder.resolve("model.gguf"))) {
      Tokenizer tokenizer = GgufTokenizer.of(file);
      for (JsonNode entry : Conformance.json(folder.resolve("golden.json")).get("tokenize")) {
        assertArrayEquals(
            Conformance.ints(entry.get("ids")),
            tokenizer.encode(entry.get("text").asText(), true, false),
            entry.toString());
      }
    }
  }
}
