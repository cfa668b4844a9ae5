package dllama.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.format.dllama.TokenizerFile;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
  @ParameterizedTest
  @ValueSource(strings = {"tok_llama3", "tok_chatml"})
  void shouldEncodeAsDistributedLlama(String caseName) {
    assertEncodes(Conformance.file(caseName, "tokenizer.t"), Conformance.golden(caseName));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tok_real_gpt2", "tok_real_llama2_head_quirk"})
  void shouldEncodeWithRealVocabularies(String caseName) {
    Optional<Path> golden = Conformance.shared(caseName, "golden.json");
    assumeTrue(golden.isPresent(), "only beside the larger collection");
    assertEncodes(
        Conformance.shared(caseName, "tokenizer.t").orElseThrow(),
        Conformance.json(golden.orElseThrow()));
  }

  private static void assertEncodes(Path file, JsonNode golden) {
    Tokenizer tokenizer = Tokenizer.of(TokenizerFile.read(file));
    int cases = 0;
    for (JsonNode item : golden.get("encode")) {
      if (item.has("error")) {
        continue; // distributed-llama aborts; ours must only not fail
      }
      boolean start = item.get("is_start").asBoolean();
      boolean specials = item.get("add_special").asBoolean();
      byte[] text = Conformance.bytes(item.get("hex"));
      assertArrayEquals(
          Conformance.ints(item.get("ids")),
          tokenizer.encode(text, start, specials),
          item.toString());
      cases++;
    }
    assertTrue(cases > 5);
  }

  @Test
  void shouldEncodePromptsOfModelCases() {
    for (String caseName : List.of("llama_gqa_f32", "llama31_rope_f32", "llama_odd_q40")) {
      Tokenizer tokenizer =
          Tokenizer.of(TokenizerFile.read(Conformance.file(caseName, "tokenizer.t")));
      for (JsonNode prompt : Conformance.golden(caseName).get("prompts")) {
        assertArrayEquals(
            Conformance.ints(prompt.get("prompt_tokens")),
            tokenizer.encode(prompt.get("text").asText(), true, true));
      }
    }
  }

  @Test
  void shouldMergeLikeTheLiteralRule() {
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      Vocabulary vocabulary = randomVocabulary(random);
      byte[] text = randomText(random, 40);
      assertArrayEquals(
          literalRule(vocabulary, text), Tokenizer.of(vocabulary).encode(text, false, true));
    }
  }

  @Test
  void shouldSpellOutTheTextAgain() {
    Vocabulary vocabulary = TokenizerFile.read(Conformance.file("tok_llama3", "tokenizer.t"));
    String text = "Once upon a time ... Zażółć gęślą jaźń 你好 ".repeat(5_000);
    ByteArrayOutputStream spelled = new ByteArrayOutputStream();
    for (int id : Tokenizer.of(vocabulary).encode(text, false, true)) {
      spelled.writeBytes(vocabulary.pieces()[id]);
    }
    assertEquals(text, spelled.toString(StandardCharsets.UTF_8));
  }

  @Test
  void shouldLeaveOutBytesWithoutAToken() {
    byte[][] pieces = {{'a'}, {'b'}, {'a', 'b'}};
    Tokenizer tokenizer =
        Tokenizer.of(new Vocabulary(pieces, new float[3], -1, List.of(), false, null));
    assertArrayEquals(new int[] {2, 0, 1}, tokenizer.encode("abxa?b", false, true));
  }

  private static Vocabulary randomVocabulary(Random random) {
    byte[][] pieces = new byte[24][];
    float[] scores = new float[pieces.length];
    for (int id = 0; id < pieces.length; id++) {
      pieces[id] = id < 3 ? new byte[] {(byte) ('a' + id)} : randomText(random, 2 + id / 6);
      scores[id] = random.nextInt(4);
    }
    return new Vocabulary(pieces, scores, 22, List.of(), false, null);
  }

  private static byte[] randomText(Random random, int length) {
    byte[] text = new byte[length];
    for (int i = 0; i < length; i++) {
      text[i] = (byte) ('a' + random.nextInt(3));
    }
    return text;
  }

  /// Searches all pairs before every merge, as the rule is worded.
  private static int[] literalRule(Vocabulary vocabulary, byte[] text) {
    List<Integer> ids = new ArrayList<>();
    for (int at = 0; at < text.length; ) {
      int special = -1;
      for (int id = vocabulary.bosId(); id < vocabulary.size() && special < 0; id++) {
        byte[] piece = vocabulary.pieces()[id];
        if (at + piece.length <= text.length
            && Arrays.equals(text, at, at + piece.length, piece, 0, piece.length)) {
          special = id;
        }
      }
      ids.add(special >= 0 ? special : text[at] - 'a');
      at += special >= 0 ? vocabulary.pieces()[special].length : 1;
    }
    return MergeRule.merge(vocabulary, ids, vocabulary.bosId());
  }
}
