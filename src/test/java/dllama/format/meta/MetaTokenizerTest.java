package dllama.format.meta;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.tokenizer.ChatTemplate;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetaTokenizerTest {
  @TempDir Path folder;

  private Vocabulary read(byte[] content) throws IOException {
    Files.write(folder.resolve("tokenizer.model"), content);
    return MetaTokenizer.in(folder, true).orElseThrow();
  }

  private static byte[] sentencePiece() throws IOException {
    try (InputStream in =
        MetaTokenizerTest.class.getResourceAsStream("/convert/meta/tokenizer.model")) {
      return in.readAllBytes();
    }
  }

  private static String lines(int count) {
    StringBuilder text = new StringBuilder();
    for (int id = 0; id < count; id++) {
      byte[] piece = id < 256 ? new byte[] {(byte) id} : ("p" + id).getBytes(UTF_8);
      text.append(Base64.getEncoder().encodeToString(piece)).append(' ').append(id).append('\n');
    }
    return text.toString();
  }

  @Test
  void shouldReadLlama3() throws IOException {
    Vocabulary vocabulary = read(lines(300).getBytes(UTF_8));
    assertEquals(556, vocabulary.size());
    assertEquals(300, vocabulary.bosId());
    assertEquals(List.of(301, 309), vocabulary.eosIds());
    assertEquals("p299", vocabulary.text(299));
    assertEquals(-299, vocabulary.scores()[299]);
    assertEquals("<|begin_of_text|>", vocabulary.text(300));
    assertEquals("<|reserved_special_token_3|>", vocabulary.text(305));
    assertEquals("<|end_header_id|>", vocabulary.text(307));
    assertEquals("<|reserved_special_token_4|>", vocabulary.text(308));
    assertEquals("<|eot_id|>", vocabulary.text(309));
    assertEquals("<|reserved_special_token_5|>", vocabulary.text(310));
    assertEquals("<|reserved_special_token_250|>", vocabulary.text(555));
    assertEquals(ChatTemplate.LLAMA3, ChatTemplate.of(vocabulary));
    assertArrayEquals(
        new int[] {300, 'h', 'i', 309}, Tokenizer.of(vocabulary).encodePrompt("hi<|eot_id|>"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"IQ== 1", "IQ==", "? 0", "IQ== x", "IQ== 0\nIg== 0", "{\"a\": 1}", " 0"})
  void shouldRefuseOtherTexts(String text) {
    String message =
        assertThrows(UserException.class, () -> read(text.getBytes(UTF_8))).getMessage();
    assertTrue(message.contains("is not a piece of Llama 3"), message);
    assertEquals(1, message.lines().count());
  }

  @Test
  void shouldReadSentencePiece() throws IOException {
    Vocabulary vocabulary = read(sentencePiece());
    assertEquals(288, vocabulary.size());
    assertTrue(vocabulary.sentencePiece());
    assertEquals(1, vocabulary.bosId());
    assertEquals(List.of(2), vocabulary.eosIds());
    assertEquals("<unk>", vocabulary.text(0));
    assertEquals("<0x0A>", vocabulary.text(13));
    assertEquals(ChatTemplate.LLAMA2, ChatTemplate.of(vocabulary));
    assertTrue(
        Arrays.stream(vocabulary.pieces()).anyMatch(p -> new String(p, UTF_8).equals(" the")));
    assertNull(MetaTokenizer.in(folder, false).orElseThrow().chatTemplate());
  }

  @Test
  void shouldSurviveDamage() throws IOException {
    byte[] whole = sentencePiece();
    Random random = new Random(2);
    for (int i = 0; i < 3000; i++) {
      byte[] damaged = Arrays.copyOf(whole, 3 + random.nextInt(whole.length - 3));
      damaged[3 + random.nextInt(damaged.length - 3)] = (byte) random.nextInt(256);
      try {
        read(damaged);
      } catch (UserException e) {
        assertEquals(1, String.valueOf(e.getMessage()).lines().count(), e.getMessage());
      }
    }
  }

  @Test
  void shouldDoWithoutOne() {
    assertEquals(Optional.empty(), MetaTokenizer.in(folder, true));
  }
}
