package dllama.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;
import org.jline.terminal.TerminalBuilder;
import org.jline.utils.AttributedString;
import org.jline.utils.AttributedStyle;
import org.jspecify.annotations.Nullable;

/// A chat on a terminal: line editing, history over sessions, multi-line paste.
final class TerminalConsole implements ChatConsole {
  private final Terminal terminal;
  private final LineReader reader;
  private boolean midLine;

  /// @param history file that remembers lines; its folder is made if need be
  TerminalConsole(Path history) {
    try {
      Files.createDirectories(history.toAbsolutePath().getParent());
      terminal = TerminalBuilder.builder().name("dllama-akka").system(true).build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    reader =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .appName("dllama-akka")
            .completer(new StringsCompleter(Repl.COMMANDS))
            .variable(LineReader.HISTORY_FILE, history)
            .variable(LineReader.SECONDARY_PROMPT_PATTERN, "  ")
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
            .build();
  }

  /// The folder for what is kept between sessions.
  static Path stateFolder() {
    String state = System.getenv("XDG_STATE_HOME");
    return state == null || state.isEmpty()
        ? Path.of(System.getProperty("user.home"), ".local", "state", "dllama-akka")
        : Path.of(state, "dllama-akka");
  }

  @Override
  public @Nullable String read() {
    try {
      return reader.readLine("> ");
    } catch (UserInterruptException e) {
      return ""; // Ctrl-C drops the line
    } catch (EndOfFileException e) {
      return null;
    }
  }

  @Override
  public synchronized void print(String text) {
    terminal.writer().print(Text.printable(text));
    terminal.writer().flush();
    midLine = text.isEmpty() ? midLine : !text.endsWith("\n");
  }

  @Override
  public synchronized void endLine() {
    if (midLine) {
      print("\n");
    }
  }

  @Override
  public synchronized void note(String line) {
    endLine(); // news of the cluster come in the middle of an answer
    AttributedString quiet = new AttributedString(line, AttributedStyle.DEFAULT.faint());
    if (reader.isReading()) {
      reader.printAbove(quiet); // what is being typed stays as it is
    } else {
      terminal.writer().println(quiet.toAnsi(terminal));
      terminal.writer().flush();
    }
  }

  @Override
  public void onInterrupt(@Nullable Runnable action) {
    terminal.handle(Signal.INT, action == null ? SignalHandler.SIG_DFL : _ -> action.run());
  }

  @Override
  public void close() {
    try {
      terminal.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
