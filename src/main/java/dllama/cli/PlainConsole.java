package dllama.cli;

import dllama.error.VisibleText;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// A chat without a terminal: answers alone go to standard output, everything else to standard
/// error.
final class PlainConsole implements ChatConsole {
  /// More than any line of this program has.
  static final int MAX_LINE = 2000;

  private final BufferedReader in;
  private final PrintStream out;
  private final PrintStream err;
  private boolean midLine;

  PlainConsole(InputStream in, PrintStream out, PrintStream err) {
    this.in = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    this.out = out;
    this.err = err;
  }

  @Override
  public @Nullable String read() {
    try {
      return in.readLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void print(String text) {
    out.print(StandardOutput.shown(text));
    out.flush();
    midLine = text.isEmpty() ? midLine : !text.endsWith("\n");
  }

  /// Whoever reads the answer would take it for one.
  @Override
  public void thought(String text) {}

  @Override
  public void endLine() {
    if (midLine) {
      print("\n");
    }
  }

  @Override
  public void note(String line) {
    err.println(VisibleText.line(line, MAX_LINE));
  }

  @Override
  public void onInterrupt(@Nullable Runnable action) {}

  @Override
  public void close() {
    out.flush();
  }
}
