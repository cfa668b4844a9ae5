package dllama.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.format.dllama.TokenizerFile;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenStreamTest {
  @ParameterizedTest
  @ValueSource(strings = {"tok_llama3", "tok_chatml"})
  void shouldDecodeAsDistributedLlama(String caseName) {
    assertDecodes(Conformance.file(caseName, "tokenizer.t"), Conformance.golden(caseName));
  }

  @Test
  void shouldDecodeWithARealVocabulary() {
    Optional<Path> golden = Conformance.shared("tok_real_gpt2", "golden.json");
    assumeTrue(golden.isPresent(), "only beside the larger collection");
    assertDecodes(
        Conformance.shared("tok_real_gpt2", "tokenizer.t").orElseThrow(),
        Conformance.json(golden.orElseThrow()));
  }

  private static void assertDecodes(Path file, JsonNode golden) {
    TokenStream stream = new TokenStream(TokenizerFile.read(file));
    for (JsonNode item : golden.get("decode")) {
      stream.reset();
      int[] ids = Conformance.ints(item.get("ids"));
      for (int i = 0; i < ids.length; i++) {
        assertArrayEquals(
            Conformance.bytes(item.get("pieces_hex").get(i)),
            stream.nextBytes(ids[i]),
            "piece %d of %s".formatted(i, item));
      }
    }
    assertTrue(golden.get("decode").size() > 100);
  }

  @Test
  void shouldGiveBackEncodedText() {
    Vocabulary vocabulary = vocabulary();
    TokenStream stream = new TokenStream(vocabulary);
    String text = "Straße 你好 😀👍🏽 नमस्ते";
    StringBuilder decoded = new StringBuilder();
    for (int id : Tokenizer.of(vocabulary).encode(text, true, true)) {
      decoded.append(stream.next(id));
    }
    assertEquals(text, decoded.toString());
  }

  @Test
  void shouldTakeAnyTokens() {
    Vocabulary vocabulary = vocabulary();
    long seed = new Random().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    TokenStream stream = new TokenStream(vocabulary);
    for (int i = 0; i < 100_000; i++) {
      String text = stream.next(random.nextInt(-2, vocabulary.size() + 2));
      assertEquals(text, new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8));
    }
  }

  private static Vocabulary vocabulary() {
    return TokenizerFile.read(Conformance.file("tok_llama3", "tokenizer.t"));
  }
}
