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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// A server, a folder for models, and a fetcher between them.
abstract class FetcherFixture {
  static final String REPOSITORY = "org/Tiny-GGUF";
  static final String FILE = "Tiny-Q4_K_M.gguf";
  static final String REFERENCE = REPOSITORY + ":q4_k_m";
  static final String NAME = "Tiny-Q4_K_M";
  static final int CHUNK = 100_000;
  static final int SIZE = 1_050_000;

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
  HubServer server;
  ModelFolder models;
  final byte[] content = gguf(1, SIZE);

  @BeforeEach
  void start() throws IOException {
    server = new HubServer();
    models = new ModelFolder(folder);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  static byte[] gguf(int seed, int size) {
    byte[] content = new byte[size];
    new Random(seed).nextBytes(content);
    System.arraycopy(bytes("GGUF"), 0, content, 0, 4);
    return content;
  }

  FetchedModel fetch(String text) throws InterruptedException {
    return fetch(text, Optional.empty());
  }

  FetchedModel fetch(String text, Optional<String> token) throws InterruptedException {
    Patience patience = new Patience(4, Duration.ofMillis(5), Duration.ofSeconds(1));
    return new Fetcher(server.address(), token, models, new Means(3, CHUNK, patience), QUIET)
        .fetch(text, Catalogue.load());
  }

  String refusal(String text) {
    UserException e = assertThrows(UserException.class, () -> fetch(text));
    assertEquals(List.of(), models.list());
    assertFalse(Files.exists(folder.resolve(NAME)));
    String message = String.valueOf(e.getMessage());
    assertEquals(1, message.lines().count());
    return message;
  }

  void assertFetched(FetchedModel model, byte[] expected) throws IOException {
    assertArrayEquals(expected, Files.readAllBytes(models.model(model)));
    assertEquals(Optional.of(model), models.find(model.name()));
    try (var files = Files.list(folder)) {
      assertEquals(List.of(folder.resolve(model.name())), files.toList());
    }
    try (var files = Files.list(folder.resolve(model.name()))) {
      assertEquals(model.files().size() + 1, files.count());
    }
  }
}
