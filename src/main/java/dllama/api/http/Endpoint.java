package dllama.api.http;

import akka.http.javadsl.model.HttpResponse;

/// What answers the requests to a path.
@FunctionalInterface
public interface Endpoint {
  /// Answers on a thread of the request's own, which may wait.
  ///
  /// @throws ApiException if it does not
  HttpResponse answer(Call call) throws InterruptedException;
}
