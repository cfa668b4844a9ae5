package dllama.cli;

import dllama.error.VisibleText;
import dllama.files.PrivateFile;
import dllama.files.PrivateFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
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
import org.jline.utils.InfoCmp.Capability;
import org.jspecify.annotations.Nullable;

/// A chat on a terminal: line editing, history over sessions, multi-line paste.
final class TerminalConsole implements ChatConsole {
  /// JLine tells of a terminal that it does not know with a stack trace, and then works as with
  /// any.
  private static final Logger LOG = Logger.getLogger("org.jline");

  /// Wider than any terminal.
  private static final int WITHOUT_WRAPPING = 1 << 20;

  private final Terminal terminal;
  private final LineReader reader;
  private final WordWrap wrap = new WordWrap();
  private final TerminalMarkdown markdown = new TerminalMarkdown();
  private final boolean wraps;
  private final boolean styled;
  private boolean midLine;
  private boolean thinking;

  /// @param history file that remembers lines; its folder is made if need be
  TerminalConsole(Path history) {
    LOG.setLevel(Level.OFF);
    try {
      terminal =
          TerminalBuilder.builder()
              .name("dllama-akka")
              .encoding(StandardCharsets.UTF_8)
              .system(true)
              .build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    styled = styled(System.getenv("NO_COLOR"), terminal.getType());
    wraps =
        terminal.getBooleanCapability(Capability.auto_right_margin)
            && terminal.getStringCapability(Capability.parm_left_cursor) != null;
    LineReaderBuilder builder =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .appName("dllama-akka")
            .completer(new StringsCompleter(Repl.COMMANDS))
            .variable(LineReader.SECONDARY_PROMPT_PATTERN, "  ")
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true);
    if (usable(history)) {
      builder.variable(LineReader.HISTORY_FILE, history);
    }
    reader = builder.build();
  }

  /// A chat needs no history: where the folder can not be written to, or something else is in its
  /// place, lines are remembered for this session only.
  private static boolean usable(Path history) {
    try {
      PrivateFolder.create(Objects.requireNonNull(history.toAbsolutePath().getParent()));
      if (!Files.exists(history)) {
        PrivateFile.create(history).close(); // what was asked is nobody else's business
      }
    } catch (IOException e) {
      return false;
    }
    return !Files.exists(history) || Files.isRegularFile(history);
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
    wrap.reset();
    markdown.reset();
    thinking = false;
    try {
      return reader.readLine("> ");
    } catch (UserInterruptException e) {
      return ""; // Ctrl-C drops the line
    } catch (EndOfFileException e) {
      return null;
    }
  }

  /// @param noColor what the environment says: see no-color.org
  static boolean styled(@Nullable String noColor, @Nullable String terminal) {
    return (noColor == null || noColor.isEmpty())
        && terminal != null
        && !terminal.startsWith(Terminal.TYPE_DUMB);
  }

  @Override
  public synchronized void thought(String text) {
    thinking = true;
    show(
        out -> {
          out.style(TerminalMarkdown.FAINT);
          out.text(VisibleText.of(text));
          out.style(TerminalMarkdown.PLAIN);
        });
    midLine = text.isEmpty() ? midLine : !text.endsWith("\n");
  }

  @Override
  public synchronized void print(String text) {
    if (thinking && !text.isEmpty()) {
      thinking = false;
      endLine(); // the answer begins in a line of its own
    }
    show(out -> markdown.accept(VisibleText.of(text), out));
    midLine = text.isEmpty() ? midLine : !text.endsWith("\n");
  }

  /// Prints a part of an answer, in styles where the terminal has any.
  private void show(Consumer<TerminalMarkdown.Output> part) {
    StringBuilder shown = new StringBuilder();
    int columns = columns();
    wrap.begin();
    part.accept(
        new TerminalMarkdown.Output() {
          @Override
          public void text(String text) {
            wrap.add(text, columns, shown);
          }

          @Override
          public void style(String code) {
            if (styled) {
              wrap.style(code, shown);
            }
          }
        });
    terminal.writer().print(shown);
    terminal.writer().flush();
  }

  private int columns() {
    int columns = terminal.getColumns();
    return wraps && columns >= WordWrap.NARROWEST ? columns : WITHOUT_WRAPPING;
  }

  @Override
  public synchronized void endLine() {
    if (midLine) {
      thinking = false;
      print("\n");
    }
  }

  @Override
  public synchronized void note(String line) {
    endLine(); // news of the cluster come in the middle of an answer
    String visible = new WordWrap().next(VisibleText.line(line, PlainConsole.MAX_LINE), columns());
    AttributedStyle style = styled ? AttributedStyle.DEFAULT.faint() : AttributedStyle.DEFAULT;
    AttributedString quiet = new AttributedString(visible, style);
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
