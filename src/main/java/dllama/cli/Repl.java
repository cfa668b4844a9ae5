package dllama.cli;

import dllama.error.UserException;
import dllama.generation.GenerationEvent;
import dllama.generation.GenerationEvent.Failed;
import dllama.generation.GenerationEvent.Finished;
import dllama.generation.GenerationEvent.Prefill;
import dllama.generation.GenerationEvent.Reason;
import dllama.generation.GenerationEvent.Token;
import dllama.generation.Usage;
import dllama.session.Root;
import dllama.step.ForwardException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// The chat: questions and commands in, answers out, until the end of input.
final class Repl {
  static final List<String> COMMANDS =
      List.of("/help", "/system", "/reset", "/stats", "/nodes", "/exit");

  private static final String HELP =
      """
      /help           this
      /system TEXT    start over with another system prompt; without TEXT show it, - for none
      /reset          start over
      /stats          how much of the context is used, and what the last answer took, and what computes
      /nodes          which nodes there are; /nodes N has N compute from now on, /nodes auto all that can
      /exit           end, as Ctrl-D
      Ctrl-C          stop the answer
      Anything else is a question, and so is what begins with a space, such as " /help me".""";

  private final Root root;
  private final ChatSession session;
  private final ChatConsole console;

  /// What was said of the cluster since the last question: it may come twice, as news and as the
  /// reason for which an answer ends.
  private final Set<String> told = ConcurrentHashMap.newKeySet();

  private @Nullable Usage last;

  Repl(Root root, ChatSession session, ChatConsole console) {
    this.root = root;
    this.session = session;
    this.console = console;
  }

  /// Runs until /exit or the end of input.
  void run() {
    root.release();
    for (String line = console.read(); line != null; line = console.read()) {
      String text = line.strip();
      if (isCommand(line)) {
        if (text.equals("/exit")) {
          return;
        }
        command(text);
      } else if (!text.isEmpty()) {
        ask(text);
      }
    }
  }

  /// Only `/system` takes a text, and `/nodes` a number; the others stand alone, or the line is a
  /// question that happens to begin so.
  static boolean isCommand(String line) {
    String[] words = line.stripTrailing().split("\\s+", 2);
    return COMMANDS.contains(words[0])
        && (words.length == 1
            || words[0].equals("/system")
            || (words[0].equals("/nodes") && NodesCommand.isNumber(words[1])));
  }

  /// Shows a line about the cluster; any thread.
  void news(String line) {
    if (told.add(line)) {
      console.note(line);
    }
  }

  private void command(String text) {
    String[] words = text.split("\\s+", 2);
    switch (words[0]) {
      case "/help" -> HELP.lines().forEach(console::note);
      case "/reset" -> {
        session.reset();
        last = null;
        console.note("starting over");
      }
      case "/stats" -> stats();
      case "/nodes" ->
          NodesCommand.run(root, Optional.of(words).filter(w -> w.length == 2).map(w -> w[1]))
              .forEach(console::note);
      case "/system" -> {
        if (words.length == 2) {
          session.setSystem(Optional.of(words[1]).filter(given -> !given.equals("-")));
        }
        console.note("system prompt: " + session.system().orElse("none"));
      }
      default -> throw new IllegalArgumentException(text);
    }
  }

  private void stats() {
    console.note("computing with " + root.kernels().text());
    console.note(
        "%d of %d tokens of the context are used"
            .formatted(session.position(), session.contextLength()));
    if (last != null) {
      console.note(
          "last question: %d tokens, %.1f tokens/s"
              .formatted(last.prefillTokens(), last.prefillTokensPerSecond()));
      console.note("last answer: " + Timing.line(last));
      Timing.guesses(last).ifPresent(console::note);
      console.note(
          "per token sent %.1f kB, received %.1f kB"
              .formatted(last.sentBytes() / 1024.0, last.receivedBytes() / 1024.0));
    }
  }

  private void ask(String question) {
    told.clear();
    AtomicBoolean stopped = new AtomicBoolean();
    Thread asking = Thread.currentThread();
    AtomicBoolean waiting = new AtomicBoolean(true);
    console.onInterrupt(
        () -> {
          stopped.set(true);
          if (waiting.get()) {
            asking.interrupt();
          }
        });
    try {
      root.awaitReady();
      waiting.set(false);
      session.answer(question, event -> show(event, stopped)).ifPresent(console::note);
    } catch (UserException e) {
      console.endLine();
      console.note(String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      console.note("not asked");
    } finally {
      console.onInterrupt(null);
      root.release();
      Thread.interrupted(); // a Ctrl-C that came as the waiting ended is for this question only
    }
  }

  private boolean show(GenerationEvent event, AtomicBoolean stopped) {
    switch (event) {
      case Prefill(int done, int total) -> {
        if (done == total) {
          console.print(session.opening());
        }
      }
      case Token(int _, String text, var _) -> console.print(text);
      case Failed failed -> {
        console.endLine();
        news(failed.why());
        if (failed.cause() instanceof ForwardException) {
          console.note("the answer ends here; ask again when the nodes are back");
        }
      }
      case Finished(Reason reason, Usage usage, var _) -> {
        console.endLine();
        last = usage;
        console.note((reason == Reason.CANCELLED ? "stopped; " : "") + Timing.line(usage));
        if (reason == Reason.CONTEXT || reason == Reason.LENGTH) {
          console.note(session.full());
        }
      }
    }
    return !stopped.get();
  }
}
