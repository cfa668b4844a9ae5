package dllama.api.http;

import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpRequest;
import dllama.settings.ApiSettings;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Who may send requests: holders of a key, where there are keys, and only from pages of this
/// server or of those that are listed. Immutable, for any thread.
final class Access {
  private static final String ANY = "*";
  private static final String ALLOWED_HEADERS =
      "authorization, content-type, x-api-key, anthropic-version, anthropic-beta";

  private final List<byte[]> keys;
  private final List<String> origins;
  private final boolean onlyThisMachine;

  Access(ApiSettings settings) {
    keys = settings.keys().stream().map(key -> key.getBytes(StandardCharsets.UTF_8)).toList();
    origins = settings.origins();
    onlyThisMachine = settings.onlyThisMachine();
  }

  /// Names whose request it is.
  ///
  /// @param address of the caller
  /// @param open whether the path needs no key
  /// @throws ApiException if it is refused
  String caller(HttpRequest request, String address, boolean open) {
    checkHost(request);
    checkOrigin(request);
    if (keys.isEmpty()) {
      return address;
    }
    int number = number(key(request).orElse(""));
    if (number >= 0) {
      return "key " + number;
    }
    if (open) {
      return address;
    }
    throw ApiException.of(
        401,
        key(request).isPresent()
            ? "this key is not one of the server's"
            : "a key is needed: Authorization: Bearer KEY",
        "",
        "invalid_api_key");
  }

  private static Optional<String> key(HttpRequest request) {
    Optional<String> bearer =
        Call.header(request, "Authorization")
            .filter(value -> value.regionMatches(true, 0, "Bearer ", 0, 7))
            .map(value -> value.substring(7).strip());
    return bearer.isPresent() ? bearer : Call.header(request, "x-api-key");
  }

  /// Compares with every key in a time that tells nothing of where they differ.
  private int number(String given) {
    byte[] bytes = given.getBytes(StandardCharsets.UTF_8);
    int found = -1;
    for (int i = 0; i < keys.size(); i++) {
      if (MessageDigest.isEqual(keys.get(i), bytes)) {
        found = i;
      }
    }
    return found;
  }

  /// A page of somebody else's, whose name was made to mean this machine's address, names itself
  /// here (DNS rebinding).
  private void checkHost(HttpRequest request) {
    String host = host(Call.header(request, "Host").orElse(""));
    boolean own = host.isEmpty() || isAddress(host) || host.equals("localhost");
    if (onlyThisMachine && !own && !host.endsWith(".localhost")) {
      throw ApiException.of(
          403, "the server answers to localhost only, and not to this name", "", "forbidden_host");
    }
  }

  /// Without the port.
  private static String host(String header) {
    String text = header.strip().toLowerCase(Locale.ROOT);
    int colon = text.lastIndexOf(':');
    return colon > text.lastIndexOf(']') ? text.substring(0, colon) : text;
  }

  private static boolean isAddress(String host) {
    return host.startsWith("[") || host.matches("[0-9.]+");
  }

  /// Browsers send requests of any page, though the page does not see the answer.
  private void checkOrigin(HttpRequest request) {
    Optional<String> origin = Call.header(request, "Origin");
    if (origin.isPresent() && !isOwn(request, origin.get()) && allowed(origin.get()).isEmpty()) {
      throw ApiException.of(
          403,
          "pages of this origin may not use the server; --api-origin lists those that may",
          "",
          "forbidden_origin");
    }
  }

  private static boolean isOwn(HttpRequest request, String origin) {
    try {
      String authority = URI.create(origin).getAuthority();
      return authority != null
          && authority.equalsIgnoreCase(Call.header(request, "Host").orElse("").strip());
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private Optional<String> allowed(String origin) {
    return origins.contains(ANY) ? Optional.of(ANY) : Optional.of(origin).filter(origins::contains);
  }

  /// What tells a browser that a page may read the answer; nothing for pages that may not.
  List<HttpHeader> headers(HttpRequest request) {
    return Call.header(request, "Origin")
        .flatMap(this::allowed)
        .map(
            origin ->
                List.of(
                    Answers.header("Access-Control-Allow-Origin", origin),
                    Answers.header("Vary", "Origin"),
                    Answers.header("Access-Control-Expose-Headers", "retry-after, x-request-id")))
        .orElse(List.of());
  }

  /// The same for the question before a request.
  ///
  /// @param methods that are possible at the path
  List<HttpHeader> preflight(HttpRequest request, String methods) {
    return Call.header(request, "Origin")
        .flatMap(this::allowed)
        .map(
            origin ->
                List.of(
                    Answers.header("Access-Control-Allow-Origin", origin),
                    Answers.header("Vary", "Origin"),
                    Answers.header("Access-Control-Allow-Methods", methods),
                    Answers.header("Access-Control-Allow-Headers", requested(request)),
                    Answers.header("Access-Control-Max-Age", "600")))
        .orElse(List.of());
  }

  /// Clients add headers of their own (`x-stainless-…`); none of them does anything here.
  private static String requested(HttpRequest request) {
    return Call.header(request, "Access-Control-Request-Headers")
        .filter(names -> names.matches("[a-zA-Z0-9, _-]{1,2000}"))
        .map(names -> ALLOWED_HEADERS + ", " + names)
        .orElse(ALLOWED_HEADERS);
  }
}
