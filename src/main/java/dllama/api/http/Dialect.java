package dllama.api.http;

/// How a family of clients wants errors to be told.
@FunctionalInterface
public interface Dialect {
  /// The body of an answer that says why there is none: an object that Jackson can write.
  Object error(ApiException why);
}
