package dllama.reply;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Which texts are JSON, compared with a parser of others.
class JsonScannerTest {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private static final String ALPHABET = "{}[]:,\"\\/ \nabcdeftrulnsE0123456789.-+u🍕\u0001";

  private static final List<String> SAMPLES =
      List.of(
          "{\"a\": [1, -0.5e+3, true, false, null], \"b\": {\"c\": \"d\\u00e4\\n\"}}",
          "[[], {}, \"\", 0, 10, -1, 1.0, 1e5]",
          "\"a \\\"quoted\\\" text\"",
          "-12.5E-7");

  @Test
  void shouldTakeWhatIsJson() {
    SAMPLES.forEach(sample -> assertTrue(JsonScanner.isValue(" " + sample + "\n"), sample));
    for (String text : List.of("", " ", "01", "1.", ".5", "+1", "tru", "{,}", "[1,]", "{\"a\"}")) {
      assertFalse(JsonScanner.isValue(text), text);
    }
    assertTrue(JsonScanner.isValue("[".repeat(256) + "]".repeat(256)));
    assertFalse(JsonScanner.isValue("[".repeat(257) + "]".repeat(257)));
  }

  @Test
  void shouldJudgeAsAnotherParserDoes() {
    Random random = new Random(7);
    for (int i = 0; i < 50_000; i++) {
      StringBuilder text = new StringBuilder(SAMPLES.get(random.nextInt(SAMPLES.size())));
      for (int changes = random.nextInt(3); changes >= 0; changes--) {
        int at = random.nextInt(text.length());
        char c = ALPHABET.charAt(random.nextInt(ALPHABET.length()));
        switch (random.nextInt(3)) {
          case 0 -> text.setCharAt(at, c);
          case 1 -> text.insert(at, c);
          default -> text.deleteCharAt(at);
        }
        if (text.isEmpty()) {
          text.append('1');
        }
      }
      String changed = text.toString().strip();
      assertEquals(isJson(changed), JsonScanner.isValue(changed), changed);
    }
  }

  private static boolean isJson(String text) {
    try {
      return !JSON.readTree(text).isMissingNode();
    } catch (JsonProcessingException e) {
      return false;
    }
  }
}
