package dllama.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dllama.error.UserException;
import dllama.settings.Version;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/// The HTTP API of a root elsewhere, as far as a chat needs it. What goes wrong is a
/// [UserException] of one line; nothing that comes is believed to be short. Any thread.
final class RemoteRoot implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /// More than any document about a model or a cluster takes.
  private static final int MAX_DOCUMENT = 4 << 20;

  private final URI base;
  private final Optional<String> key;
  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER) // the key is for this root alone
          .connectTimeout(PATIENCE)
          .build();

  /// @param url such as `http://192.168.1.5:9980`, or without the scheme
  /// @param key that the root wants to see
  /// @throws UserException if it is no such address
  RemoteRoot(String url, Optional<String> key) {
    base = base(url);
    this.key = key;
    if (key.filter(text -> !text.matches("[!-~]+")).isPresent()) {
      throw new UserException("--api-key has characters that no key has: it is one word of ASCII");
    }
  }

  private static URI base(String url) {
    String full = url.contains("://") ? url : "http://" + url;
    try {
      URI uri = new URI(full.replaceAll("(/v1)?/*$", ""));
      if (uri.getHost() != null
          && String.valueOf(uri.getScheme()).matches("https?")
          && uri.getUserInfo() == null
          && uri.getQuery() == null
          && uri.getFragment() == null) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // as any other that is none
    }
    throw new UserException(
        "--connect %s is no address of a root: give one such as http://192.168.1.5:9980"
            .formatted(url));
  }

  /// Where it is, for the user.
  String place() {
    return base.getAuthority();
  }

  /// A document.
  JsonNode get(String path) throws InterruptedException {
    HttpResponse<InputStream> response =
        response(send(request(path).timeout(PATIENCE).GET().build()));
    try {
      return Json.tree(text(response));
    } catch (JsonProcessingException e) {
      throw notARoot(e);
    }
  }

  /// Begins an answer; cancelling it ends it, as closing its stream does once it has come.
  CompletableFuture<HttpResponse<InputStream>> post(String path, String json) {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(json))
            .build());
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + path))
            .header("User-Agent", "dllama-akka/" + Version.current());
    key.ifPresent(given -> request.header("Authorization", "Bearer " + given));
    return request;
  }

  private CompletableFuture<HttpResponse<InputStream>> send(HttpRequest request) {
    return client.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
  }

  /// What came, if it is what was asked for.
  ///
  /// @throws java.util.concurrent.CancellationException if it was cancelled
  HttpResponse<InputStream> response(CompletableFuture<HttpResponse<InputStream>> sent)
      throws InterruptedException {
    HttpResponse<InputStream> response;
    try {
      response = sent.get();
    } catch (ExecutionException e) {
      throw new UserException(
          "%s is not reachable (%s): check the address, and that its root serves (api, or chat --api)"
              .formatted(base, reason(Objects.requireNonNullElse(e.getCause(), e))),
          e);
    }
    if (response.statusCode() != 200) {
      throw refused(response);
    }
    return response;
  }

  private UserException refused(HttpResponse<InputStream> response) {
    String said = message(response);
    return switch (response.statusCode()) {
      case 401 ->
          new UserException(
              "%s %s: give --api-key KEY, or set DLLAMA_API_KEY"
                  .formatted(base, key.isPresent() ? "refuses the key" : "wants a key"));
      case 429, 503 ->
          new UserException(
              "%s can not answer now (%s); try again %s".formatted(base, said, when(response)));
      default -> new UserException("%s refuses: %s".formatted(base, said));
    };
  }

  private static String when(HttpResponse<?> response) {
    return response
        .headers()
        .firstValue("Retry-After")
        .filter(seconds -> seconds.matches("\\d{1,6}"))
        .map(seconds -> "in %s s".formatted(seconds))
        .orElse("later");
  }

  private String message(HttpResponse<InputStream> response) {
    String status = "status " + response.statusCode();
    try {
      String said = Json.tree(text(response)).path("error").path("message").asText();
      return said.isBlank() ? status : said;
    } catch (JsonProcessingException | UserException e) {
      return status;
    }
  }

  private String text(HttpResponse<InputStream> response) {
    try (InputStream in = response.body()) {
      byte[] bytes = in.readNBytes(MAX_DOCUMENT + 1);
      if (bytes.length > MAX_DOCUMENT) {
        throw notARoot(null);
      }
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw lost(e);
    }
  }

  UserException lost(IOException e) {
    return new UserException(
        "the connection to %s was lost (%s); ask again".formatted(base, reason(e)), e);
  }

  UserException notARoot(@Nullable Throwable cause) {
    String line = "%s does not answer as a root of dllama-akka does; check the address";
    return cause == null
        ? new UserException(line.formatted(base))
        : new UserException(line.formatted(base), cause);
  }

  private static String reason(Throwable cause) {
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
