package dllama.cli;

import dllama.error.UserException;
import dllama.files.RegularFile;
import dllama.settings.Settings;
import java.io.IOException;
import java.io.InputStream;

/// The text to go on from: as an argument, from a file, or from standard input, since a long one
/// does not fit a command line.
final class Prompt {
  private static final String STANDARD_INPUT = "-";

  private Prompt() {}

  /// @throws UserException if it can not be read, or is given twice
  static String text(Settings.Inference wanted, InputStream in) {
    if (wanted.promptFile().isPresent()) {
      if (!wanted.prompt().isEmpty()) {
        throw new UserException("give either --prompt or --prompt-file");
      }
      return withoutLineEnd(RegularFile.text(wanted.promptFile().get(), "--prompt-file"));
    }
    if (!wanted.prompt().equals(STANDARD_INPUT)) {
      return wanted.prompt();
    }
    try {
      return withoutLineEnd(RegularFile.text(in, "standard input"));
    } catch (IOException e) {
      throw new UserException("can not read standard input: " + UserException.reason(e), e);
    }
  }

  /// Editors and `echo` end every text with one.
  private static String withoutLineEnd(String text) {
    int end = text.length();
    if (text.endsWith("\n")) {
      end -= text.endsWith("\r\n") ? 2 : 1;
    }
    return text.substring(0, end);
  }
}
