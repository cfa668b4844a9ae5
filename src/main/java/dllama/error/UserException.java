package dllama.error;

/// Something that the operator can mend: shown as one line without a stack trace, exit code 2.
///
/// The message says what was wrong, with the value, and what to do.
public final class UserException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public UserException(String message) {
    super(message);
  }

  public UserException(String message, Throwable cause) {
    super(message, cause);
  }
}
