package dllama.hub;

import dllama.error.UserException;
import dllama.settings.Version;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// Requests to servers: redirects are followed here, because the token is for the hub alone, and
/// what a server answers becomes a stream, a [Hiccup] or one line for the user. May be used by
/// several threads at once.
final class Web implements AutoCloseable {
  private static final int MOST_REDIRECTS = 10;
  private static final long MOST_WAIT_SECONDS = 60;
  private static final Pattern SHA256 = Pattern.compile("\"?([0-9a-f]{64})\"?");
  private static final Pattern LOOPBACK =
      Pattern.compile("localhost|127(\\.\\d{1,3}){3}|\\[::1]|::1");

  /// An answer with content.
  ///
  /// @param partial whether it is the range that was asked for
  /// @param sha256 of the whole file, if the hub said so on the way
  /// @param size of the whole file, if the hub said so on the way; else -1
  record Reply(
      HttpResponse<InputStream> response, boolean partial, Optional<String> sha256, long size)
      implements AutoCloseable {
    String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    InputStream body() {
      return response.body();
    }

    @Override
    public void close() throws IOException {
      body().close();
    }
  }

  private final HttpClient client;
  private final URI hub;
  private final Optional<String> token;
  private final Patience patience;

  /// @param token for the hub; sent by https, or within this machine, only
  Web(URI hub, Optional<String> token, Patience patience) {
    this.hub = hub;
    this.token = token.filter(_ -> hub.getScheme().equals("https") || loopback(hub));
    this.patience = patience;
    client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1) // a connection for each range
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(patience.silence())
            .build();
  }

  static boolean loopback(URI uri) {
    return LOOPBACK.matcher(uri.getHost()).matches();
  }

  /// Gets a file, or a part of it.
  ///
  /// @param range such as `bytes=0-99`; empty: all of it
  /// @throws Hiccup if it may work later
  /// @throws UserException if it will not
  Reply get(URI uri, String range) throws Hiccup, InterruptedException {
    URI at = uri;
    Optional<String> sha256 = Optional.empty();
    long size = -1;
    for (int hops = 0; hops <= MOST_REDIRECTS; hops++) {
      HttpResponse<InputStream> response = send(at, range);
      if (ofHub(at)) {
        sha256 =
            response
                .headers()
                .firstValue("X-Linked-ETag")
                .flatMap(Web::sha256)
                .or(() -> found(response));
        size = response.headers().firstValue("X-Linked-Size").map(Web::length).orElse(size);
      }
      if (!isRedirect(response.statusCode())) {
        check(response, uri);
        return new Reply(response, response.statusCode() == 206, sha256, size);
      }
      at = next(at, uri, response);
    }
    throw new UserException(
        "%s is redirected again and again, without an end".formatted(shown(uri)));
  }

  private static Optional<String> found(HttpResponse<InputStream> response) {
    return response.headers().firstValue("ETag").flatMap(Web::sha256);
  }

  private HttpResponse<InputStream> send(URI uri, String range)
      throws Hiccup, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(patience.silence())
            .header("User-Agent", "dllama-akka/" + Version.current());
    if (!range.isEmpty()) {
      request.header("Range", range);
    }
    if (token.isPresent() && ofHub(uri)) {
      request.header("Authorization", "Bearer " + token.get());
    }
    try {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    } catch (IOException e) {
      String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      throw new Hiccup("%s can not be reached (%s)".formatted(uri.getAuthority(), reason));
    }
  }

  /// Whether it is the hub itself that is asked.
  private boolean ofHub(URI uri) {
    return hub.getScheme().equals(uri.getScheme()) && hub.getAuthority().equals(uri.getAuthority());
  }

  private static boolean isRedirect(int status) {
    return status >= 301 && status <= 308 && status != 304 && status != 305 && status != 306;
  }

  private static URI next(URI at, URI first, HttpResponse<InputStream> response) {
    close(response);
    String location = response.headers().firstValue("Location").orElse("");
    try {
      URI next = at.resolve(location);
      if (!location.isEmpty() && isWeb(next)) {
        if (at.getScheme().equals("https") && !next.getScheme().equals("https")) {
          throw new UserException(
              "%s is redirected to plain http, which is not followed".formatted(shown(first)));
        }
        return next;
      }
    } catch (IllegalArgumentException _) {
      // said below
    }
    throw new UserException(
        "%s is redirected to '%s', which is no address".formatted(shown(first), location));
  }

  /// Whether it can be fetched from.
  static boolean isWeb(URI uri) {
    return uri.getHost() != null
        && ("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()));
  }

  /// Refuses what is not the file.
  private static void check(HttpResponse<InputStream> response, URI uri) throws Hiccup {
    int status = response.statusCode();
    if (status == 200 || status == 206) {
      return;
    }
    close(response);
    String at = shown(uri);
    switch (status) {
      case 401 ->
          throw new UserException(
              "%s wants a login (401), or is not there: give a token of your account in HF_TOKEN, and accept the licence on the model's page"
                  .formatted(at));
      case 403 ->
          throw new UserException(
              "%s is refused (403): accept the licence on the model's page, with the account of HF_TOKEN"
                  .formatted(at));
      case 404, 410 ->
          throw new UserException("%s is not there (%d); check the name".formatted(at, status));
      case 429 ->
          throw new Hiccup(
              "%s: the server asks for fewer requests (429); try later".formatted(at),
              retryAfter(response));
      default -> {
        String line = "%s: the server answered %d".formatted(at, status);
        if (status >= 500 || status == 408) {
          throw new Hiccup(line, retryAfter(response));
        }
        throw new UserException(line);
      }
    }
  }

  private static long retryAfter(HttpResponse<InputStream> response) {
    long seconds = response.headers().firstValue("Retry-After").map(Web::length).orElse(0L);
    return 1000 * Math.clamp(seconds, 0, MOST_WAIT_SECONDS);
  }

  private static void close(HttpResponse<InputStream> response) {
    try {
      response.body().close();
    } catch (IOException _) {
      // nothing of it is wanted
    }
  }

  private static Optional<String> sha256(String tag) {
    var matcher = SHA256.matcher(tag.toLowerCase(Locale.ROOT));
    return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
  }

  /// A length of a header; -1 for what is none.
  static long length(String text) {
    return text.matches("\\d{1,18}") ? Long.parseLong(text) : -1;
  }

  /// Without what may be a signature in the query.
  static String shown(URI uri) {
    return uri.toString().replaceAll("[?#].*", "").replaceAll("//[^/@]*@", "//");
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
