package dllama.api.http;

import java.util.Optional;

/// Why a request is not answered. Each dialect has its own form for it; the message is a sentence
/// for whoever wrote the request, and has nothing in it of how the server is made.
public final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int status;
  private final String field;
  private final String code;
  private final int retryAfter;

  private ApiException(int status, String message, String field, String code, int retryAfter) {
    super(message);
    this.status = status;
    this.field = field;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /// The request is wrong.
  public static ApiException bad(String message) {
    return of(400, message, "", "");
  }

  /// A field of the request is wrong.
  ///
  /// @param field such as `messages[0].role`; the message begins with it
  public static ApiException bad(String field, String message) {
    return of(400, field + " " + message, field, "");
  }

  /// With all that can be told.
  ///
  /// @param field empty if it is none
  /// @param code a word for programs; empty for none
  public static ApiException of(int status, String message, String field, String code) {
    return new ApiException(status, message, field, code, 0);
  }

  /// It can be answered later.
  ///
  /// @param seconds after which it is worth trying again
  public static ApiException later(int status, String message, String code, int seconds) {
    return new ApiException(status, message, "", code, seconds);
  }

  public int status() {
    return status;
  }

  public String message() {
    return String.valueOf(getMessage());
  }

  /// The field at fault.
  public Optional<String> field() {
    return Optional.of(field).filter(text -> !text.isEmpty());
  }

  /// A word for programs.
  public Optional<String> code() {
    return Optional.of(code).filter(text -> !text.isEmpty());
  }

  /// Seconds after which it is worth trying again; 0 if it is not.
  public int retryAfter() {
    return retryAfter;
  }
}
