package dllama.cli;

import dllama.error.UserException;
import dllama.settings.Settings;
import java.util.function.Consumer;

/// A chat where this process was started: on its terminal, or with plain streams.
final class Talk {
  private Talk() {}

  /// A chat with a root elsewhere.
  ///
  /// @param url of that root
  /// @throws UserException if it can not be reached, or something is asked for that is its to have
  static void remote(Settings settings, String url) throws InterruptedException {
    if (settings.model().model().isPresent() || settings.serves()) {
      throw new UserException(
          "--connect %s chats with the model there: leave out --model and --api".formatted(url));
    }
    try (RemoteRoot root = new RemoteRoot(url, settings.api().keys().stream().findFirst());
        Partner partner = new RemotePartner(root, settings)) {
      with(partner, settings.chat().quiet(), _ -> {});
    }
  }

  /// Talks until the user ends it.
  ///
  /// @param quiet whether only answers, errors and what commands ask for are shown
  /// @param begun is told when lines can be shown in the chat
  static void with(Partner partner, boolean quiet, Consumer<Repl> begun) {
    SavedChats saved = new SavedChats(TerminalConsole.stateFolder().resolve("chats"));
    try (ChatConsole console = console(partner, quiet)) {
      Repl repl = new Repl(partner, console, saved, quiet);
      begun.accept(repl);
      repl.run();
    }
  }

  private static ChatConsole console(Partner partner, boolean quiet) {
    if (!Posix.isTerminal(0) || !Posix.isTerminal(1)) {
      return new PlainConsole(System.in, System.out, System.err);
    }
    ChatConsole console = new TerminalConsole(TerminalConsole.stateFolder().resolve("history"));
    if (!quiet) {
      console.note(partner.model().line());
      console.note("Ask something; /help shows the commands, Ctrl-D ends.");
    }
    return console;
  }
}
