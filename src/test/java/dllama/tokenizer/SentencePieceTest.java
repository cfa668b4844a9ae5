package dllama.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.format.dllama.TokenizerFile;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Vocabularies of distributed-llama 0.10.
class SentencePieceTest {
  private static final String REAL = "tok_real_llama2_v0_10";

  @ParameterizedTest
  @ValueSource(strings = {"old_llama_fixedhdr_f32", "mixtral_f32", "grok1_f32"})
  void shouldEncodePromptsOfModelCases(String caseName) {
    Tokenizer tokenizer = Tokenizer.of(vocabulary(caseName));
    for (JsonNode prompt : Conformance.golden(caseName).get("prompts")) {
      // There Grok-1 gets no BOS, whatever the tokenizer says.
      boolean start = !caseName.startsWith("grok1");
      assertArrayEquals(
          Conformance.ints(prompt.get("prompt_tokens")),
          tokenizer.encode(prompt.get("text").asText(), start, false));
    }
  }

  /// distributed-llama 0.10 prints token by token and leaves out bytes that are not printable; here
  /// they are held back until a character is complete.
  @ParameterizedTest
  @ValueSource(strings = {"old_llama_fixedhdr_f32", "mixtral_f32", "grok1_f32"})
  void shouldShowTheTextThatWasShown(String caseName) {
    TokenStream stream = new TokenStream(vocabulary(caseName));
    for (JsonNode prompt : Conformance.golden(caseName).get("prompts")) {
      int[] ids = allTokens(prompt);
      JsonNode pieces = prompt.at("/cli/pieces_hex");
      assertTrue(pieces.size() > 60);
      stream.reset();
      stream.follow(ids[0]);
      for (int i = 0; i < pieces.size(); i++) {
        byte[] piece = stream.nextBytes(ids[i + 1]);
        byte[] expected = Conformance.bytes(pieces.get(i));
        String what = "%s: piece %d, token %d".formatted(caseName, i, ids[i + 1]);
        if (ByteTokens.contains(ids[i + 1])) {
          byte value = ByteTokens.value(ids[i + 1]);
          boolean control = value >= 0 && value < ' ' || value == 0x7F;
          if (expected.length > 0) {
            assertEquals(value, piece[piece.length - 1], what);
          } else {
            assertTrue(control || value < 0, what);
          }
        } else {
          assertEquals(text(expected), withoutReplacement(piece), what);
        }
      }
    }
  }

  private static int[] allTokens(JsonNode prompt) {
    return IntStream.concat(
            Arrays.stream(Conformance.ints(prompt.get("prompt_tokens"))),
            Arrays.stream(Conformance.ints(prompt.get("generated"))))
        .toArray();
  }

  /// U+FFFD stands for bytes of tokens before.
  private static String withoutReplacement(byte[] piece) {
    String text = text(piece);
    return text.startsWith("\uFFFD") ? text.substring(1) : text;
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Test
  void shouldEncodeWithTheRealVocabulary() {
    Optional<Path> golden = Conformance.shared(REAL, "golden.json");
    assumeTrue(golden.isPresent(), "only beside the larger collection");
    Tokenizer tokenizer = Tokenizer.of(realVocabulary());
    JsonNode items = Conformance.json(golden.orElseThrow());
    for (JsonNode item : items.get("encode")) {
      byte[] text = Conformance.bytes(item.get("hex"));
      boolean start = item.get("add_bos").asBoolean();
      assertArrayEquals(
          Conformance.ints(item.get("ids")), tokenizer.encode(text, start, false), item.toString());
    }
    for (JsonNode item : items.get("llamacpp_reference")) {
      if (item.get("v0_10_equal").asBoolean()) {
        assertArrayEquals(
            Conformance.ints(item.get("reference_ids")),
            tokenizer.encode(Conformance.bytes(item.get("hex")), false, false),
            item.toString());
      }
    }
    assertTrue(items.get("encode").size() > 300);
  }

  @Test
  void shouldDecodeWithTheRealVocabulary() {
    Optional<Path> golden = Conformance.shared(REAL, "golden.json");
    assumeTrue(golden.isPresent(), "only beside the larger collection");
    TokenStream stream = new TokenStream(realVocabulary());
    for (JsonNode item : Conformance.json(golden.orElseThrow()).get("decode")) {
      int[] ids = Conformance.ints(item.get("ids"));
      stream.reset();
      stream.follow(ids[0]);
      StringBuilder expected = new StringBuilder();
      StringBuilder shown = new StringBuilder();
      for (int i = 1; i < ids.length; i++) {
        byte[] piece = Conformance.bytes(item.get("pieces_hex_from_second").get(i - 1));
        expected.append(new String(piece, StandardCharsets.ISO_8859_1));
        shown.append(new String(stream.nextBytes(ids[i]), StandardCharsets.ISO_8859_1));
      }
      byte[] whole = expected.toString().getBytes(StandardCharsets.ISO_8859_1);
      if (Arrays.equals(text(whole).getBytes(StandardCharsets.UTF_8), whole)) {
        assertEquals(expected.toString(), shown.toString(), item.toString());
      }
    }
  }

  private static Vocabulary realVocabulary() {
    return TokenizerFile.read(Conformance.shared(REAL, "tokenizer.t").orElseThrow());
  }

  @Test
  void shouldRecogniseTheVocabularyByItsBytes() {
    assertTrue(vocabulary("old_llama_fixedhdr_f32").sentencePiece());
    assertTrue(vocabulary("mixtral_f32").sentencePiece());
    for (String byteLevel :
        List.of("tok_llama3", "tok_chatml", "tok_header_fixed", "tok_header_kv-old")) {
      assertFalse(vocabulary(byteLevel).sentencePiece(), byteLevel);
    }
  }

  @Test
  void shouldTakeNamesOfSpecialTokensWhereAsked() {
    Vocabulary vocabulary = vocabulary("mixtral_f32");
    Tokenizer tokenizer = Tokenizer.of(vocabulary);
    assertArrayEquals(new int[] {1, 259, 318, 2, 259, 318}, tokenizer.encode("x</s>x", true, true));
    assertFalse(
        Arrays.stream(tokenizer.encodePrompt("x</s>x")).anyMatch(vocabulary.eosIds()::contains));
  }

  @Test
  void shouldGiveBackAnyEncodedText() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    Vocabulary vocabulary = vocabulary("mixtral_f32");
    for (int round = 0; round < 300; round++) {
      String text =
          random
              .ints(30, 1, 0x3000)
              .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
              .toString();
      TokenStream stream = new TokenStream(vocabulary);
      StringBuilder decoded = new StringBuilder();
      for (int id : Tokenizer.of(vocabulary).encode(text, true, false)) {
        decoded.append(stream.next(id));
      }
      assertEquals(text, decoded.toString());
    }
  }

  @Test
  void shouldMergeLikeTheLiteralRule() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    Vocabulary vocabulary = vocabulary("mixtral_f32");
    String letters = " theinoąśł\u4e16!<";
    for (int round = 0; round < 200; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 40; i++) {
        text.append(letters.charAt(random.nextInt(letters.length())));
      }
      assertArrayEquals(
          literalRule(vocabulary, text.toString()),
          Tokenizer.of(vocabulary).encode(text.toString(), false, false));
    }
  }

  /// Searches all pairs before every merge, as the rule is worded.
  private static int[] literalRule(Vocabulary vocabulary, String text) {
    List<Integer> ids = new ArrayList<>();
    for (String character : (" " + text).split("")) {
      int id = MergeRule.find(vocabulary, character, vocabulary.size());
      if (id >= 0) {
        ids.add(id);
      } else {
        for (byte b : character.getBytes(StandardCharsets.UTF_8)) {
          ids.add(3 + (b & 0xFF));
        }
      }
    }
    return MergeRule.merge(vocabulary, ids, vocabulary.size());
  }

  private static Vocabulary vocabulary(String caseName) {
    return TokenizerFile.read(Conformance.file(caseName, "tokenizer.t"));
  }
}
