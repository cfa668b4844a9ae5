package dllama.cli;

import dllama.error.VisibleText;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Lines about what goes on, on standard error. On a terminal passing ones are redrawn in place;
/// elsewhere they are plain and few. Any thread.
final class StatusLines {
  private static final long REDRAW = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long REPEAT = TimeUnit.SECONDS.toNanos(5);

  /// More than any line has by itself; names of files and what peers say may be longer.
  private static final int MAX_LINE = 2000;

  private final PrintStream err;
  private final boolean terminal;

  private @Nullable Consumer<String> elsewhere;

  /// Lines that the next ones replace.
  private int drawn;

  private boolean closed;
  private long last = System.nanoTime() - REPEAT;

  StatusLines(PrintStream err, boolean terminal) {
    this.err = err;
    this.terminal = terminal;
  }

  /// On standard error.
  static StatusLines standard() {
    return new StatusLines(System.err, Posix.isTerminal(2));
  }

  /// Whether somebody looks at them on a terminal.
  boolean areShown() {
    return terminal;
  }

  /// Whether it is time to show figures that change all the time.
  synchronized boolean due() {
    return System.nanoTime() - last >= (terminal && elsewhere == null ? REDRAW : REPEAT);
  }

  /// Shows lines until the next ones come.
  synchronized void show(List<String> lines) {
    write(lines);
    drawn = terminal ? lines.size() : 0;
  }

  /// Shows a line that stays.
  synchronized void say(String line) {
    write(List.of(line));
  }

  /// Gives lines to `listener` in place of standard error, where someone is typing now.
  synchronized void redirect(Consumer<String> listener) {
    elsewhere = listener;
  }

  /// Shows nothing any more: what happens while a node ends on purpose is no news.
  synchronized void close() {
    closed = true;
  }

  private void write(List<String> lines) {
    if (closed) {
      return;
    }
    last = System.nanoTime();
    if (elsewhere != null) {
      lines.forEach(elsewhere);
      return;
    }
    if (drawn > 0) {
      err.print("\u001b[" + drawn + "A\u001b[J"); // up, and clear from there on
      drawn = 0;
    }
    lines.forEach(line -> err.println(VisibleText.line(line, MAX_LINE)));
    err.flush();
  }
}
