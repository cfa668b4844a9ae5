package dllama.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CatalogueTest {
  private final Catalogue catalogue = Catalogue.load();

  @Test
  void shouldHaveWhatAFetchNeeds() {
    assertTrue(catalogue.all().size() > 30);
    for (Catalogue.Entry entry : catalogue.all()) {
      boolean gguf = entry.model().isEmpty();
      assertTrue(
          entry.hub().matches(gguf ? "[\\w.-]+/[\\w.-]+:[A-Z0-9_]+" : "[\\w.-]+/[\\w.-]+"),
          entry.name());
      assertEquals(gguf, entry.tokenizer().isEmpty(), entry.name());
      assertTrue(entry.bytes() > 100_000_000, entry.name());
      assertTrue(entry.nodeBytes(4) < entry.nodeBytes(1), entry.name());
      assertTrue(!entry.licence().isBlank(), entry.name());
    }
  }

  @Test
  void shouldNamePartsAsSplitDoes() {
    List<String> parts = catalogue.named("llama3_1_405b_instruct_q40").orElseThrow().model();
    assertEquals(56, parts.size());
    assertEquals("dllama_model_llama31_405b_q40_aa", parts.getFirst());
    assertEquals("dllama_model_llama31_405b_q40_az", parts.get(25));
    assertEquals("dllama_model_llama31_405b_q40_cd", parts.getLast());
  }

  @Test
  void shouldGuessNames() {
    assertEquals(Optional.of("qwen3-8b"), catalogue.nearest("qwen3-8"));
  }
}
