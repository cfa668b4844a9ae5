package dllama.format.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.error.UserException;
import dllama.format.hf.HfTokenizer;
import dllama.tokenizer.ByteAlphabet;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Tokenizers of Hugging Face's, written to a GGUF file and read back.
class GgufBytePairsWriterTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ENDINGS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String REST = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String TEMPLATE = "{% for m in messages %}{{ m.content }}{% endfor %}";

  /// What pieces are learnt from, and what is encoded: numbers, endings and spaces of all kinds.
  private static final String TEXT =
      "It's 2024 and 12345 of 1234567 HTTPServers don't\r\n\r\n  run; I'LL see: \"naïve\" £5.00!\n"
          + "\tfor (int i = 0; i < 100; i++) { x[i]++; }   \n\nBuild 東京 and こんにちは, 2024-12-31...\n"
          + "It's 12345 again; don't 1234567, 東京 2024!! ";

  private static final int SIZE = 600;

  @TempDir Path folder;

  /// Merges of the neighbours that are met most often, wherever they stand.
  private static List<String> learnt(List<String> symbols, int count) {
    List<String> text = new ArrayList<>(symbols);
    List<String> merges = new ArrayList<>();
    while (merges.size() < count) {
      Map<String, Integer> pairs = new LinkedHashMap<>();
      for (int i = 0; i + 1 < text.size(); i++) {
        pairs.merge(text.get(i) + " " + text.get(i + 1), 1, Integer::sum);
      }
      var most = pairs.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow();
      if (most.getValue() < 2) {
        break;
      }
      String best = most.getKey();
      merges.add(best);
      for (int i = 0; i + 1 < text.size(); i++) {
        if (best.equals(text.get(i) + " " + text.get(i + 1))) {
          text.set(i, text.get(i) + text.remove(i + 1));
        }
      }
    }
    return merges;
  }

  private void write(
      Map<String, Integer> vocab, List<?> merges, Map<String, ?> more, Map<String, ?> ofModel)
      throws IOException {
    Map<String, Object> model = new HashMap<>(ofModel);
    model.putAll(Map.of("type", "BPE", "vocab", vocab, "merges", merges));
    List<Map<String, Object>> added = new ArrayList<>();
    int next = vocab.size();
    for (String name : List.of("<|begin|>", "<|im_end|>", "<|other|>", "<think>")) {
      added.add(Map.of("id", next++, "content", name, "special", !name.equals("<think>")));
    }
    Map<String, Object> all = new HashMap<>(more);
    all.putAll(Map.of("added_tokens", added, "model", model));
    Files.writeString(folder.resolve("tokenizer.json"), JSON.writeValueAsString(all));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        JSON.writeValueAsString(
            Map.of(
                "bos_token",
                "<|begin|>",
                "eos_token",
                "<|im_end|>",
                "add_bos_token",
                true,
                "chat_template",
                TEMPLATE)));
    Files.writeString(
        folder.resolve("generation_config.json"),
        JSON.writeValueAsString(Map.of("eos_token_id", List.of(next - 2, next - 3))));
  }

  private void writeByteLevel(List<?> preTokenizers, boolean whole) throws IOException {
    Map<String, Integer> vocab = new LinkedHashMap<>();
    for (int value = 0; value < 256; value++) {
      vocab.put(ByteAlphabet.visible(new byte[] {(byte) value}), value);
    }
    List<String> symbols = new ArrayList<>();
    for (byte value : TEXT.getBytes(StandardCharsets.UTF_8)) {
      symbols.add(ByteAlphabet.visible(new byte[] {value}));
    }
    List<String> merges = learnt(symbols, 200);
    for (String merge : merges) {
      vocab.putIfAbsent(merge.replaceFirst(" ", ""), vocab.size());
    }
    List<Object> steps = new ArrayList<>(preTokenizers);
    boolean words = preTokenizers.isEmpty() || preTokenizers.getFirst() instanceof Map<?, ?>;
    steps.add(Map.of("type", "ByteLevel", "add_prefix_space", false, "use_regex", words));
    write(
        vocab,
        merges,
        Map.of("pre_tokenizer", Map.of("type", "Sequence", "pretokenizers", split(steps))),
        Map.of("ignore_merges", whole));
  }

  private static List<Object> split(List<Object> steps) {
    return steps.stream()
        .map(
            step ->
                step instanceof String regex
                    ? Map.of(
                        "type",
                        "Split",
                        "pattern",
                        Map.of("Regex", regex),
                        "behavior",
                        "Isolated",
                        "invert",
                        false)
                    : step)
        .toList();
  }

  private static String words(String word, String digits) {
    return "%s|[^\\r\\n\\p{L}\\p{N}]?%s+|%s| ?[^\\s%s\\p{N}]+[\\r\\n]*%s"
        .formatted(ENDINGS, word, digits, word.replaceAll("[\\[\\]]", ""), REST);
  }

  private GgufFile written() throws IOException {
    GgufHeaderWriter header = new GgufHeaderWriter();
    header.put("general.architecture", "llama");
    GgufTokens.of(HfTokenizer.bytePairs(folder)).describe(header, SIZE);
    Path file = folder.resolve("x.gguf");
    byte[] bytes = new byte[header.bytes().remaining()];
    header.bytes().get(bytes);
    return GgufFile.open(Files.write(file, bytes));
  }

  private void assertSame(GgufFile file) throws IOException {
    Tokenizer expected = Tokenizer.of(HfTokenizer.read(folder).vocabulary());
    Tokenizer read = GgufTokenizer.of(file);
    Vocabulary vocabulary = read.vocabulary();
    assertEquals(expected.vocabulary().bosId(), vocabulary.bosId());
    assertEquals(expected.vocabulary().eosIds(), vocabulary.eosIds());
    assertEquals(expected.vocabulary().addBos(), vocabulary.addBos());
    assertEquals(TEMPLATE, vocabulary.chatTemplate());
    assertEquals(SIZE, vocabulary.size());
    for (int id = 0; id < expected.vocabulary().size(); id++) {
      assertArrayEquals(expected.vocabulary().pieces()[id], vocabulary.pieces()[id], "piece " + id);
    }
    List<String> texts = new ArrayList<>(List.of("", " ", "  \n", "a", "<|im_end|>x<think> y"));
    texts.addAll(List.of("don't", "123456789", "\u0000\u007f", "x<|other|> <|im_end|>"));
    texts.add(Files.readString(Path.of("LICENSE")));
    texts.add(TEXT);
    for (int from = 0; from < TEXT.length() - 20; from += 3) {
      texts.add(TEXT.substring(from, from + 20));
    }
    for (String text : texts) {
      for (boolean flag : new boolean[] {false, true}) {
        assertArrayEquals(expected.encode(text, flag, !flag), read.encode(text, flag, !flag), text);
        assertArrayEquals(expected.encode(text, flag, flag), read.encode(text, flag, flag), text);
      }
    }
  }

  /// Every rule is named so that it splits as before.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt-2",
        "smollm",
        "llama-bpe",
        "smaug-bpe",
        "qwen2",
        "qwen35",
        "gpt-4o",
        "tekken",
        "deepseek-coder",
        "deepseek-v3"
      })
  void shouldNameHowTextIsSplit(String name) throws IOException {
    String upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
    String lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
    String cased = "[^\\r\\n\\p{L}\\p{N}]?%s*%s+%s|[^\\r\\n\\p{L}\\p{N}]?%s+%s*%s|%s";
    String others = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*" + REST;
    List<?> steps =
        switch (name) {
          case "gpt-2" -> List.of();
          case "smollm" -> List.of(Map.of("type", "Digits", "individual_digits", true));
          case "llama-bpe", "smaug-bpe" -> List.of(words("\\p{L}", "\\p{N}{1,3}"));
          case "qwen2" -> List.of(words("\\p{L}", "\\p{N}"));
          case "qwen35" -> List.of(words("[\\p{L}\\p{M}]", "\\p{N}"));
          case "gpt-4o" -> {
            String end = ENDINGS + "?";
            yield List.of(
                cased.formatted(upper, lower, end, upper, lower, end, "\\p{N}{1,3}") + others);
          }
          case "tekken" ->
              List.of(cased.formatted(upper, lower, "", upper, lower, "", "\\p{N}") + others);
          case "deepseek-coder" ->
              List.of("[\r\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", "[一-龥ࠀ-一가-퟿]+", "\\p{N}");
          default ->
              List.of(
                  "\\p{N}{1,3}",
                  "[一-龥぀-ゟ゠-ヿ]+",
                  "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
                      + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*"
                      + REST);
        };
    writeByteLevel(steps, name.equals("llama-bpe") || name.equals("tekken"));
    assertEquals(List.of(), HfTokenizer.read(folder).warnings());
    try (GgufFile file = written()) {
      assertEquals(name, file.metadata().string("tokenizer.ggml.pre"));
      assertEquals("gpt2", file.metadata().string("tokenizer.ggml.model"));
      assertSame(file);
    }
  }

  @Test
  void shouldNotInventANameForARuleThatHasNone() throws IOException {
    writeByteLevel(List.of("[\r\n]", "\\p{N}"), false);
    UserException e =
        assertThrows(UserException.class, () -> GgufTokens.of(HfTokenizer.bytePairs(folder)));
    assertTrue(String.valueOf(e.getMessage()).contains("splits texts"), e.getMessage());
  }

  private void writeByCharacters(boolean ordered, boolean space) throws IOException {
    Map<String, Integer> vocab = new LinkedHashMap<>();
    vocab.put("<unk>", 0);
    for (int value = 0; value < 256; value++) {
      vocab.put("<0x%02X>".formatted(value), vocab.size());
    }
    String marked = TEXT.replace(' ', '▁');
    List<String> symbols = marked.codePoints().mapToObj(Character::toString).toList();
    Map<String, Integer> order = new LinkedHashMap<>(vocab);
    List<String> pieces =
        learnt(symbols, 150).stream().map(merge -> merge.replaceFirst(" ", "")).distinct().toList();
    for (String piece : pieces) {
      order.put(piece, order.size());
    }
    symbols.stream().distinct().forEach(symbol -> order.putIfAbsent(symbol, order.size()));
    // As the converter of SentencePiece makes them: every cut, by the piece that it makes.
    List<List<String>> merges = new ArrayList<>();
    for (String piece : pieces) {
      for (int cut = 1; cut < piece.length(); cut++) {
        List<String> pair = List.of(piece.substring(0, cut), piece.substring(cut));
        if (order.keySet().containsAll(pair)) {
          merges.add(pair);
        }
      }
    }
    List<Map<String, ?>> steps = new ArrayList<>();
    if (space) {
      steps.add(Map.of("type", "Prepend", "prepend", "▁"));
    }
    steps.add(Map.of("type", "Replace", "pattern", Map.of("String", " "), "content", "▁"));
    write(
        order,
        ordered ? merges : merges.reversed(),
        Map.of("normalizer", Map.of("type", "Sequence", "normalizers", steps)),
        Map.of("byte_fallback", true, "unk_token", "<unk>"));
  }

  /// Llama 2 and Mistral.
  @ParameterizedTest
  @CsvSource({"true", "false"})
  void shouldWriteOneByCharactersAsSentencePiece(boolean space) throws IOException {
    writeByCharacters(true, space);
    try (GgufFile file = written()) {
      assertEquals("llama", file.metadata().string("tokenizer.ggml.model"));
      assertEquals(space, file.metadata().bool("tokenizer.ggml.add_space_prefix", !space));
      assertSame(file);
    }
  }

  @Test
  void shouldRefuseMergesThatAreNoScores() throws IOException {
    writeByCharacters(false, true);
    UserException e =
        assertThrows(UserException.class, () -> GgufTokens.of(HfTokenizer.bytePairs(folder)));
    assertTrue(String.valueOf(e.getMessage()).contains("order of the tokens"), e.getMessage());
  }
}
