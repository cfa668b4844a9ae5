package dllama.cli;

import dllama.error.UserException;
import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.ChatTemplate.Role;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/// The chat: questions and commands in, answers out, until the end of input.
final class Repl {
  static final List<String> COMMANDS =
      List.of(
          "/help", "/system", "/reset", "/regen", "/save", "/load", "/model", "/stats", "/nodes",
          "/exit");

  private static final String HELP =
      """
      /help           this
      /system TEXT    start over with another system prompt; without TEXT show it, - for none
      /reset          start over
      /regen          another answer to the last question
      /save NAME      keep the conversation; without NAME it is named by the time
      /load NAME      go on with one that was kept, "last" with the latest; without NAME list them
      /model          what answers: name, architecture, weights, context, nodes
      /stats          how much of the context is used, and what the last answer took, and what computes
      /nodes          which nodes there are; /nodes N has N compute from now on, /nodes auto all that can
      /exit           end, as Ctrl-D
      Ctrl-C          stop the answer
      Anything else is a question, and so is what begins with a space, such as " /help me".""";

  /// In place of a name: the latest.
  private static final String LAST = "last";

  private static final DateTimeFormatter BY_TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd-HHmmss");

  private final Partner partner;
  private final ChatConsole console;
  private final SavedChats saved;
  private final ChatKeeper keeper;
  private final boolean quiet;

  /// What was said of the cluster since the last question: it may come twice, as news and as the
  /// reason for which an answer ends.
  private final Set<String> told = ConcurrentHashMap.newKeySet();

  private final Partner.Listener shown = new Shown();

  /// @param keeper of this chat
  /// @param quiet whether nothing is said that was not asked for, but for errors
  Repl(Partner partner, ChatConsole console, SavedChats saved, ChatKeeper keeper, boolean quiet) {
    this.partner = partner;
    this.console = console;
    this.saved = saved;
    this.keeper = keeper;
    this.quiet = quiet;
  }

  /// Goes on with the chat that was kept last.
  void resume() {
    try {
      load(LAST);
    } catch (UserException e) {
      console.note(String.valueOf(e.getMessage()));
    }
  }

  /// Runs until /exit or the end of input.
  void run() {
    for (String line = console.read(); line != null; line = console.read()) {
      String text = line.strip();
      if (isCommand(line)) {
        if (text.equals("/exit")) {
          return;
        }
        try {
          command(text);
        } catch (UserException e) {
          console.note(String.valueOf(e.getMessage()));
        }
      } else if (!text.isEmpty()) {
        answered(() -> partner.answer(text, shown));
      }
    }
  }

  /// Only `/system` takes a text, `/save` and `/load` a word, and `/nodes` a number; the others
  /// stand alone, or the line is a question that happens to begin so.
  static boolean isCommand(String line) {
    String[] words = line.stripTrailing().split("\\s+", 2);
    return COMMANDS.contains(words[0])
        && (words.length == 1
            || switch (words[0]) {
              case "/system" -> true;
              case "/save", "/load" -> !words[1].matches("(?s).*\\s.*");
              case "/nodes" -> NodesCommand.isNumber(words[1]);
              default -> false;
            });
  }

  /// Shows a line about the cluster; any thread.
  void news(String line) {
    if (!quiet && told.add(line)) {
      console.note(line);
    }
  }

  private void command(String text) {
    String[] words = text.split("\\s+", 2);
    Optional<String> given = words.length == 2 ? Optional.of(words[1]) : Optional.empty();
    switch (words[0]) {
      case "/help" -> HELP.lines().forEach(console::note);
      case "/reset" -> {
        partner.reset();
        keeper.begin();
        console.note("starting over");
      }
      case "/regen" -> answered(() -> partner.answerAgain(shown));
      case "/save" ->
          save(given.orElseGet(() -> LocalDateTime.now(ZoneId.systemDefault()).format(BY_TIME)));
      case "/load" -> given.ifPresentOrElse(this::load, this::list);
      case "/model" -> partner.model().lines().forEach(console::note);
      case "/stats" -> partner.stats().forEach(console::note);
      case "/nodes" -> partner.nodes(given).forEach(console::note);
      case "/system" -> {
        given.ifPresent(
            to -> {
              partner.setSystem(Optional.of(to).filter(it -> !it.equals("-")));
              keeper.begin();
            });
        console.note("system prompt: " + partner.system().orElse("none"));
      }
      default -> throw new IllegalArgumentException(text);
    }
  }

  private void save(String name) {
    if (partner.conversation().stream().noneMatch(said -> said.role() == Role.ASSISTANT)) {
      console.note("nothing was said yet that could be saved");
      return;
    }
    saved.save(name, partner.conversation());
    console.note("saved; /load %s goes on with it".formatted(name));
  }

  private void load(String given) {
    String name = given;
    if (given.equals(LAST) && !saved.names().contains(LAST)) {
      name =
          saved.latest().orElseThrow(() -> new UserException("no chat was kept yet to go on with"));
    }
    List<Message> conversation = saved.load(name);
    partner.resume(conversation);
    keeper.goOn(name, conversation);
    long questions = conversation.stream().filter(said -> said.role() == Role.USER).count();
    console.note(
        "going on with %s, %d question%s so far"
            .formatted(name, questions, questions == 1 ? "" : "s"));
  }

  private void list() {
    List<String> names = saved.names();
    console.note(names.isEmpty() ? "nothing is saved yet" : "saved: " + String.join(", ", names));
  }

  private void answered(Supplier<Optional<String>> asking) {
    told.clear();
    console.onInterrupt(partner::stop);
    try {
      asking
          .get()
          .ifPresent(
              why -> {
                console.endLine();
                console.note(why);
              });
    } finally {
      console.onInterrupt(null);
    }
    keeper.keep(partner.conversation()).ifPresent(console::note);
  }

  /// An answer on its way to the console.
  private final class Shown implements Partner.Listener {
    @Override
    public void text(String piece) {
      console.print(piece);
    }

    @Override
    public void thought(String piece) {
      console.thought(piece);
    }

    @Override
    public void failed(String why) {
      console.endLine();
      if (told.add(why)) {
        console.note(why);
      }
    }

    @Override
    public void ended(String took, Optional<String> advice) {
      console.endLine();
      if (!quiet) {
        console.note(took);
      }
      advice.ifPresent(console::note);
    }
  }
}
