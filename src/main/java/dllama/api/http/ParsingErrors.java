package dllama.api.http;

import akka.event.LoggingAdapter;
import akka.http.ParsingErrorHandler;
import akka.http.javadsl.model.HttpResponse;
import akka.http.scaladsl.model.ErrorInfo;
import akka.http.scaladsl.model.StatusCode;
import akka.http.scaladsl.settings.ServerSettings;
import java.util.Map;

/// Answers what is no HTTP, or more of it than the limits allow, as JSON like any other mistake.
/// Akka makes it, by the name in the settings of [HttpServer].
public final class ParsingErrors extends ParsingErrorHandler {
  @Override
  public HttpResponse handle(
      StatusCode status, ErrorInfo error, LoggingAdapter log, ServerSettings settings) {
    Map<String, Object> body =
        Map.of(
            "error",
            Map.of("message", error.summary(), "type", "invalid_request_error", "code", "http"));
    return Answers.json(status.intValue(), body);
  }
}
