package dllama.error;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/// Something that the operator can mend: shown as one line without a stack trace, exit code 2.
///
/// The message says what was wrong, with the value, and what to do. It becomes one visible line,
/// whatever a path or a value in it contains.
public final class UserException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /// More than any message has by itself; what a user gave, and is shown in it, may be longer.
  private static final int MAX_LENGTH = 2000;

  public UserException(String message) {
    super(VisibleText.line(message, MAX_LENGTH));
  }

  public UserException(String message, Throwable cause) {
    super(VisibleText.line(message, MAX_LENGTH), cause);
  }

  /// Why a file could not be read or written, in words for a message that names the file.
  public static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "no such file or folder";
      case AccessDeniedException _ -> "permission denied";
      case CharacterCodingException _ -> "it is not UTF-8 text";
      case FileSystemException known when known.getReason() != null -> known.getReason();
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }
}
