package dllama.api.http;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpHeader;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.model.headers.RawHeader;

/// Answers that are whole.
public final class Answers {
  private Answers() {}

  /// A JSON document.
  public static HttpResponse json(Object value) {
    return json(200, value);
  }

  static HttpResponse json(int status, Object value) {
    return bytes(status, ContentTypes.APPLICATION_JSON, Json.bytes(value));
  }

  /// Anything.
  public static HttpResponse bytes(int status, ContentType type, byte[] content) {
    return HttpResponse.create().withStatus(status).withEntity(HttpEntities.create(type, content));
  }

  /// Why there is no answer.
  static HttpResponse refusal(Dialect dialect, ApiException why) {
    HttpResponse response = json(why.status(), dialect.error(why));
    return why.retryAfter() == 0
        ? response
        : response.addHeader(header("Retry-After", String.valueOf(why.retryAfter())));
  }

  public static HttpHeader header(String name, String value) {
    return RawHeader.create(name, value);
  }
}
