package dllama.format.dllama;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import dllama.error.UserException;
import dllama.tokenizer.Tokenizer;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerFileTest {
  @ParameterizedTest
  @ValueSource(strings = {"tok_llama3", "tok_chatml", "llama_odd_q40"})
  void shouldReadHeader(String caseName) {
    JsonNode golden = Conformance.golden(caseName);
    Vocabulary vocabulary = TokenizerFile.read(Conformance.file(caseName, "tokenizer.t"));
    assertEquals(golden.get("bos").asInt(), vocabulary.bosId());
    assertEquals(golden.get("add_bos").asBoolean(), vocabulary.addBos());
    assertArrayEquals(
        Conformance.ints(golden.get("eos")),
        vocabulary.eosIds().stream().mapToInt(Integer::intValue).toArray());
    assertTrue(vocabulary.chatTemplate() != null && vocabulary.chatTemplate().startsWith("{% for"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tok_header_kv-old", "tok_header_fixed"})
  void shouldReadOlderHeaders(String caseName) {
    JsonNode golden = Conformance.golden(caseName);
    Vocabulary vocabulary = TokenizerFile.read(Conformance.file(caseName, "tokenizer.t"));
    assertEquals(golden.get("bos").asInt(), vocabulary.bosId());
    assertArrayEquals(
        Conformance.ints(golden.get("eos")),
        vocabulary.eosIds().stream().mapToInt(Integer::intValue).toArray());
    assertTrue(vocabulary.addBos(), "undefined in distributed-llama; ours adds it");
    assertArrayEquals(
        Conformance.ints(golden.get("ids_without_bos")),
        Tokenizer.of(vocabulary).encode("Hello world", false, true));
  }

  @Test
  void shouldHaveNoTemplateInAFixedHeader() {
    Path file = Conformance.file("tok_header_fixed", "tokenizer.t");
    assertNull(TokenizerFile.read(file).chatTemplate());
  }

  @Test
  void shouldRefuseATokenizerThatIsLargerThanTheModel() {
    try (DllamaFile model = DllamaFile.open(Conformance.file("llama_odd_q40", "model.m"))) {
      Path small = Conformance.file("llama_odd_q40", "tokenizer.t");
      Path large = Conformance.file("tok_llama3", "tokenizer.t");
      assertEquals(300, TokenizerFile.read(small, model.spec()).size());
      UserException e =
          assertThrows(UserException.class, () -> TokenizerFile.read(large, model.spec()));
      assertTrue(e.getMessage().contains("has 512 tokens, the model only 300"), e.getMessage());
    }
    try (DllamaFile model = DllamaFile.open(Conformance.file("llama_gqa_q40", "model.m"))) {
      Path small = Conformance.file("llama_odd_q40", "tokenizer.t");
      assertEquals(300, TokenizerFile.read(small, model.spec()).size(), "padded models are usual");
    }
  }
}
