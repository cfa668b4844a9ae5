package dllama.api.http;

import akka.http.javadsl.model.HttpRequest;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// A request that is whole and allowed.
///
/// @param caller whose it is: a name for its key, or its address, where no keys are needed
/// @param body of at most the server's limit
/// @param tail what of the path the endpoint's pattern leaves open, decoded
/// @param gone completes when the caller has gone, and needs no answer any more
public record Call(
    HttpRequest request, String caller, byte[] body, String tail, CompletableFuture<Void> gone) {

  /// A header of the request.
  public Optional<String> header(String name) {
    return header(request, name);
  }

  static Optional<String> header(HttpRequest request, String name) {
    return request.getHeader(name).map(header -> header.value());
  }

  /// Runs something when the caller has gone, or at once if it has.
  public void whenGone(Runnable action) {
    var unused = gone.thenRun(action);
  }

  /// The body as a JSON object.
  ///
  /// @throws ApiException if it is none
  public Fields json() {
    String type = request.entity().getContentType().mediaType().toString();
    boolean form = type.startsWith("application/x-www-form") || type.startsWith("multipart/");
    if (form) {
      throw ApiException.of(415, "the body is %s; send application/json".formatted(type), "", "");
    }
    return Fields.parse(body);
  }
}
