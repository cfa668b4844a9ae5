package dllama.hub;

import static dllama.hub.HubServer.bytes;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Servers that do all that servers do: nothing half fetched gets the name of a model.
@Timeout(60)
class FetcherFaultsTest extends FetcherFixture {
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

  /// What begins in the middle of the file is answered with this status.
  private void refuseSecondHalf(String at, int status) {
    server.fault(
        at,
        (exchange, _) -> {
          boolean second = HubServer.header(exchange, "Range").startsWith("bytes=500000-");
          if (second) {
            exchange.sendResponseHeaders(status, -1);
          }
          return second;
        });
  }

  @Test
  void shouldGiveUpAndGoOnLater() throws Exception {
    String at = server.put(REPOSITORY, FILE, content);
    refuseSecondHalf(at, 503);
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
    refuseSecondHalf(at, 404);
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
}
