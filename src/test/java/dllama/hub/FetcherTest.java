package dllama.hub;

import static dllama.hub.HubServer.bytes;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.settings.Catalogue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Fetching from a server that does all that servers do.
@Timeout(60)
class FetcherTest {
  private static final String REPOSITORY = "org/Tiny-GGUF";
  private static final String FILE = "Tiny-Q4_K_M.gguf";
  private static final String REFERENCE = REPOSITORY + ":q4_k_m";
  private static final String NAME = "Tiny-Q4_K_M";
  private static final int CHUNK = 100_000;
  private static final int SIZE = 1_050_000;

  /// Notes that come in the middle of other things are none.
  private static final Fetcher.Listener QUIET =
      new Fetcher.Listener() {
        @Override
        public void note(String line) {}

        @Override
        public void arrived(long arrived, long total) {
          assertTrue(arrived <= total, arrived + " of " + total);
        }

        @Override
        public void done() {}
      };

  @TempDir Path folder;
  private HubServer server;
  private ModelFolder models;
  private final byte[] content = gguf(1, SIZE);

  @BeforeEach
  void start() throws IOException {
    server = new HubServer();
    models = new ModelFolder(folder);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static byte[] gguf(int seed, int size) {
    byte[] content = new byte[size];
    new Random(seed).nextBytes(content);
    System.arraycopy(bytes("GGUF"), 0, content, 0, 4);
    return content;
  }

  private FetchedModel fetch(String text) throws InterruptedException {
    return fetch(text, Optional.empty());
  }

  private FetchedModel fetch(String text, Optional<String> token) throws InterruptedException {
    Patience patience = new Patience(4, Duration.ofMillis(5), Duration.ofSeconds(1));
    return new Fetcher(server.address(), token, models, new Means(3, CHUNK, patience), QUIET)
        .fetch(text, Catalogue.load());
  }

  private String refusal(String text) {
    UserException e = assertThrows(UserException.class, () -> fetch(text));
    assertEquals(List.of(), models.list());
    assertFalse(Files.exists(folder.resolve(NAME)));
    String message = String.valueOf(e.getMessage());
    assertEquals(1, message.lines().count());
    return message;
  }

  private void assertFetched(FetchedModel model, byte[] expected) throws IOException {
    assertArrayEquals(expected, Files.readAllBytes(models.model(model)));
    assertEquals(Optional.of(model), models.find(model.name()));
    try (var files = Files.list(folder)) {
      assertEquals(List.of(folder.resolve(model.name())), files.toList());
    }
    try (var files = Files.list(folder.resolve(model.name()))) {
      assertEquals(model.files().size() + 1, files.count());
    }
  }

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

  @Test
  void shouldFetchFromAServerWithoutRanges() throws Exception {
    String at = server.put(REPOSITORY, FILE, content);
    server.fault(
        at,
        (exchange, bytes) -> {
          HubServer.whole(exchange, 200, bytes);
          return true;
        });
    assertFetched(fetch(REFERENCE), content);
  }

  @Test
  void shouldGoOnAfterCuts() throws Exception {
    String at = server.put(REPOSITORY, FILE, content);
    server.fault(
        at,
        (exchange, bytes) -> {
          HubServer.file(exchange, bytes, 70_000);
          return true;
        });
    assertFetched(fetch(REFERENCE), content);
  }

  @Test
  void shouldGoOnAfterSilence() throws Exception {
    String at = server.put(REPOSITORY, FILE, content);
    AtomicInteger requests = new AtomicInteger();
    server.fault(
        at,
        (exchange, bytes) -> {
          if (requests.incrementAndGet() != 3) {
            return false;
          }
          HubServer.file(exchange, bytes, 100);
          try {
            Thread.sleep(10_000);
          } catch (InterruptedException _) {
            // the test is over
          }
          return true;
        });
    assertFetched(fetch(REFERENCE), content);
  }

  @Test
  void shouldGiveUpAndGoOnLater() throws Exception {
    String at = server.put(REPOSITORY, FILE, content);
    server.fault(
        at,
        (exchange, _) -> {
          if (HubServer.header(exchange, "Range").startsWith("bytes=500000-")) {
            exchange.sendResponseHeaders(503, -1);
            return true;
          }
          return false;
        });
    assertTrue(refusal(REFERENCE).contains("answered 503, after 4 tries"));
    assertEquals(List.of(NAME), models.unfinished());
    server.heal();
    server.forget();
    assertFetched(fetch(REFERENCE), content);
    assertFalse(
        server.requests().stream().anyMatch(request -> request.contains(" bytes=0-99999 ")));
    assertTrue(server.requests().stream().anyMatch(request -> request.contains(" bytes=500000-")));
  }

  @Test
  void shouldBeginAnewWhereTheFileHasChanged() throws Exception {
    String at = server.put(REPOSITORY, FILE, content);
    server.fault(
        at,
        (exchange, _) -> {
          if (HubServer.header(exchange, "Range").startsWith("bytes=500000-")) {
            exchange.sendResponseHeaders(404, -1);
            return true;
          }
          return false;
        });
    assertTrue(refusal(REFERENCE).contains("is not there (404)"));
    server.close();
    server = new HubServer();
    byte[] other = gguf(9, SIZE);
    server.put(REPOSITORY, FILE, other);
    assertFetched(fetch(REFERENCE), other);
  }

  @Test
  void shouldRemoveWhatHasAnotherChecksum() throws Exception {
    server.put(REPOSITORY, FILE, content, "0".repeat(64), SIZE);
    assertTrue(refusal(REFERENCE).contains("arrived damaged and was removed"));
    try (var files = Files.list(folder.resolve("." + NAME + ".part"))) {
      assertEquals(0, files.count());
    }
  }

  @Test
  void shouldRefuseAnotherLengthThanTheHubSays() {
    server.put(REPOSITORY, FILE, content, HubServer.sha256(content), SIZE + 1);
    assertTrue(
        refusal(REFERENCE).contains("should have 1050001 bytes, but the server has 1050000"));
  }

  @Test
  void shouldRefuseMoreThanTheDiskHas() {
    String at = server.put(REPOSITORY, FILE, content, "", 1L << 49);
    server.fault(
        at,
        (exchange, _) -> {
          exchange.getResponseHeaders().set("Content-Range", "bytes 0-0/" + (1L << 49));
          HubServer.whole(exchange, 206, new byte[1]);
          return true;
        });
    assertTrue(refusal(REFERENCE).contains("512.00 TB more are needed"));
  }

  @Test
  void shouldRefuseAnotherRangeThanWasAskedFor() {
    String at = server.put(REPOSITORY, FILE, content);
    server.fault(
        at,
        (exchange, _) -> {
          if (!HubServer.header(exchange, "Range").startsWith("bytes=200000-")) {
            return false;
          }
          exchange.getResponseHeaders().set("Content-Range", "bytes 0-99999/" + SIZE);
          HubServer.whole(exchange, 206, new byte[CHUNK]);
          return true;
        });
    assertTrue(
        refusal(REFERENCE).contains("sends 'bytes 0-99999/1050000' where bytes 200000-299999"));
  }

  @ParameterizedTest
  @CsvSource({
    "401,wants a login",
    "403,accept the licence",
    "404,is not there",
    "418,answered 418",
    "429,fewer requests",
    "500,answered 500"
  })
  void shouldSayWhatTheServerAnswered(int status, String expected) {
    String at = server.put(REPOSITORY, FILE, content);
    server.fault(
        at,
        (exchange, _) -> {
          exchange.sendResponseHeaders(status, -1);
          return true;
        });
    assertTrue(refusal(REFERENCE).contains(expected));
  }

  @Test
  void shouldRefuseAWebPage() {
    String at = server.put(REPOSITORY, FILE, content);
    server.fault(
        at,
        (exchange, _) -> {
          exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
          HubServer.whole(exchange, 200, bytes("<!doctype html>"));
          return true;
        });
    assertTrue(refusal(REFERENCE).contains("is a web page, not a file"));
  }

  @Test
  void shouldRefuseWhatIsNoModel() {
    server.put(REPOSITORY, FILE, bytes("<!doctype html><title>Sorry</title>"));
    assertTrue(refusal(REFERENCE).contains("it is a web page"));
  }

  @Test
  void shouldFollowRedirectsWithoutTheToken() throws Exception {
    try (HubServer store = new HubServer()) {
      String target = store.put("/bucket/blob", content);
      String at = server.put(REPOSITORY, FILE, content);
      server.fault(
          at,
          (exchange, _) -> {
            HubServer.redirect(exchange, target);
            return true;
          });
      assertFetched(fetch(REFERENCE, Optional.of("secret")), content);
      assertTrue(
          server.requests().stream().allMatch(request -> request.endsWith(" Bearer secret")));
      assertTrue(store.requests().size() > 2);
      assertFalse(store.requests().stream().anyMatch(request -> request.contains("secret")));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/org/Tiny-GGUF/resolve/main/Tiny-Q4_K_M.gguf",
        "ftp://127.0.0.1/x",
        "http://",
        ""
      })
  void shouldNotFollowRedirectsToNowhere(String to) {
    String at = server.put(REPOSITORY, FILE, content);
    server.fault(
        at,
        (exchange, _) -> {
          HubServer.redirect(exchange, to);
          return true;
        });
    assertTrue(refusal(REFERENCE).contains(" is redirected "));
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
