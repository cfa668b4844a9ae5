package dllama.hub;

import static dllama.hub.HubServer.bytes;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is fetched for which name, and what becomes of it here.
@Timeout(60)
class FetcherTest extends FetcherFixture {
  @Test
  void shouldFetchARepositoryByQuantisation() throws Exception {
    server.put(REPOSITORY, "README.md", bytes("hello"));
    server.put(REPOSITORY, "Tiny-UD-Q4_K_M.gguf", gguf(2, 10));
    server.put(REPOSITORY, "Tiny-Q8_0.gguf", gguf(3, 10));
    server.put(REPOSITORY, FILE, content);
    FetchedModel model = fetch(REFERENCE);
    assertFetched(model, content);
    assertEquals(NAME, model.name());
    assertEquals(SIZE, model.size());
    assertEquals(List.of(HubServer.sha256(content)), model.files().getFirst().sha256());
    assertEquals(Optional.of(model), models.find(REFERENCE));
    server.forget();
    assertEquals(model, fetch(REFERENCE));
    assertEquals(List.of(), server.requests());
  }

  @ParameterizedTest
  @CsvSource({
    "'',Tiny-Q4_K_M",
    ":Q8_0,Tiny-Q8_0",
    ":q5_k,Tiny-Q5_K",
    ":BF16,Tiny-BF16",
    ":UD-Q4_K_M,Tiny-UD-Q4_K_M"
  })
  void shouldChooseByQuantisation(String quant, String expected) throws Exception {
    for (String name :
        List.of(
            "BF16/Tiny-BF16",
            "mmproj-Tiny-Q8_0",
            "Tiny-Q4_K_M",
            "Tiny-Q5_K",
            "Tiny-Q5_K_M",
            "Tiny-Q8_0",
            "Tiny-UD-Q4_K_M")) {
      server.put(REPOSITORY, name + ".gguf", gguf(4, 20));
    }
    assertEquals(expected, fetch(REPOSITORY + quant).name());
  }

  @Test
  void shouldSayWhichQuantisationsThereAre() {
    server.put(REPOSITORY, "Tiny-Q8_0.gguf", content);
    server.put(REPOSITORY, "Tiny-IQ4_XS.gguf", content);
    assertEquals(REPOSITORY + " has no q4_k_m; it has IQ4_XS, Q8_0", refusal(REFERENCE));
  }

  @Test
  void shouldFetchAllPartsOfASplitFile() throws Exception {
    for (int i = 1; i <= 3; i++) {
      server.put(REPOSITORY, "Q4_K_M/Big-Q4_K_M-0000%d-of-00003.gguf".formatted(i), gguf(i, 5000));
    }
    FetchedModel model = fetch(REFERENCE);
    assertFetched(model, gguf(1, 5000));
    assertEquals("Big-Q4_K_M", model.name());
    assertEquals(3, model.files().size());
    assertArrayEquals(
        gguf(3, 5000),
        Files.readAllBytes(folder.resolve("Big-Q4_K_M/Big-Q4_K_M-00003-of-00003.gguf")));
  }

  @Test
  void shouldMakeOneFileOfThePartsOfTheCatalogue() throws Exception {
    String repository = "b4rtaz/Qwen3-14B-Q40-Distributed-Llama";
    byte[] model = gguf(5, 2 * 250_001);
    server.put(
        repository, "dllama_model_qwen3_14b_q40_aa", java.util.Arrays.copyOf(model, 250_001));
    server.put(
        repository,
        "dllama_model_qwen3_14b_q40_ab",
        java.util.Arrays.copyOfRange(model, 250_001, 500_002));
    server.put(repository, "dllama_tokenizer_qwen3_14b.t", bytes("tokens"));
    FetchedModel fetched = fetch("qwen3_14b_q40");
    assertFetched(fetched, model);
    assertEquals("tokens", Files.readString(models.tokenizer(fetched).orElseThrow()));
    assertEquals("Apache-2.0", fetched.licence());
  }

  @Test
  void shouldFetchAUrl() throws Exception {
    FetchedModel model = fetch(server.put("/some/where/" + FILE, content) + "?download=true");
    assertFetched(model, content);
    assertEquals(server.address() + "/some/where/" + FILE, model.source());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../../evil-Q4_K_M.gguf", "/etc/evil-Q4_K_M.gguf", "a/../evil-Q4_K_M.gguf",
            "..\\evil-Q4_K_M.gguf",
        "C:evil-Q4_K_M.gguf", "evil\u001b[2J-Q4_K_M.gguf", "evil\n-Q4_K_M.gguf",
            ".hidden-Q4_K_M.gguf"
      })
  void shouldRefusePathsThatLeadElsewhere(String path) {
    server.put(REPOSITORY, path, content);
    assertTrue(refusal(REFERENCE).contains("is no name for one here"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"../x", "/etc/passwd", "a/b/c", "org/..", "file:///etc/x.gguf", "", "a\nb", "."})
  void shouldRefuseNamesOfNothing(String name) {
    assertTrue(refusal(name).contains("is no known model"), name);
    assertEquals(List.of(), server.requests());
  }

  @Test
  void shouldGuessWhatWasMeant() {
    assertTrue(refusal("qwen3-8").contains("did you mean qwen3-8b?"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "[", "<html>", "\"x\"", ""})
  void shouldRefuseStrangeLists(String list) {
    server.fault(
        "/api/models/org/Tiny-GGUF/tree/main",
        (exchange, _) -> {
          HubServer.whole(exchange, 200, bytes(list));
          return true;
        });
    assertTrue(refusal(REFERENCE).contains("does not list files as Hugging Face does"));
  }

  @Test
  void shouldNotTakeTheNameOfAnotherModel() throws Exception {
    server.put(REPOSITORY, FILE, content);
    server.put("other/Tiny", FILE, gguf(8, 50));
    FetchedModel model = fetch(REFERENCE);
    UserException e = assertThrows(UserException.class, () -> fetch("other/Tiny"));
    assertTrue(
        String.valueOf(e.getMessage()).contains("there is a model Tiny-Q4_K_M already, from org/"));
    assertFetched(model, content);
  }

  @Test
  void shouldLetOnlyOneProcessWorkOnAModel() throws Exception {
    server.put(REPOSITORY, FILE, content);
    try (ModelFolder.Claim _ = models.claim(NAME)) {
      assertTrue(refusal(REFERENCE).contains("another process is at work on Tiny-Q4_K_M"));
    }
    assertFetched(fetch(REFERENCE), content);
  }

  @Test
  void shouldRemoveAModelAndNothingElse() throws Exception {
    server.put(REPOSITORY, FILE, content);
    FetchedModel model = fetch(REFERENCE);
    for (String name : List.of("../" + folder.getFileName(), ".", "", "nothing", "/")) {
      assertThrows(UserException.class, () -> models.remove(name), name);
    }
    assertFetched(model, content);
    models.remove(NAME);
    try (var files = Files.list(folder)) {
      assertEquals(0, files.count());
    }
  }
}
