package dllama.cli;

import dllama.error.VisibleText;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// Standard output that says when it can not be written, where a [PrintStream] alone would go on in
/// silence: results would be lost on a full disk, and `| head` would not end the work.
final class StandardOutput extends OutputStream {
  /// Results can not be written; nothing that goes on would be of use.
  static final class Lost extends RuntimeException {
    private static final long serialVersionUID = 1;

    Lost(IOException cause) {
      super("standard output can not be written: " + cause.getMessage(), cause);
    }

    /// Whether the reader has had enough, which is no error that needs a line.
    boolean closedByReader() {
      return String.valueOf(getMessage()).toLowerCase(Locale.ROOT).contains("pipe");
    }
  }

  private static final boolean TERMINAL = Posix.isTerminal(1);

  private final OutputStream out;

  StandardOutput(OutputStream out) {
    this.out = out;
  }

  /// In UTF-8, whatever the locale: models write any character, and JSON is UTF-8.
  static PrintStream open() {
    return new PrintStream(
        new StandardOutput(new FileOutputStream(FileDescriptor.out)),
        false,
        StandardCharsets.UTF_8);
  }

  /// Text of a model or a file, for standard output: a terminal obeys control characters, elsewhere
  /// bytes stay as they are.
  static String shown(String text) {
    return TERMINAL ? VisibleText.of(text) : text;
  }

  @Override
  public void write(int value) {
    try {
      out.write(value);
    } catch (IOException e) {
      throw new Lost(e);
    }
  }

  @Override
  public void write(byte[] bytes, int from, int length) {
    try {
      out.write(bytes, from, length);
    } catch (IOException e) {
      throw new Lost(e);
    }
  }
}
