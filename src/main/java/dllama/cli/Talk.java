package dllama.cli;

import dllama.error.UserException;
import dllama.settings.Settings;
import java.time.LocalDateTime;
import java.time.ZoneId;
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
      with(partner, settings.chat(), _ -> {});
    }
  }

  /// Talks until the user ends it.
  ///
  /// @param begun is told when lines can be shown in the chat
  static void with(Partner partner, Settings.Chat settings, Consumer<Repl> begun) {
    SavedChats saved = new SavedChats(TerminalConsole.stateFolder().resolve("chats"));
    int most = isTerminal() ? settings.keep() : 0; // what scripts ask would push out a person's
    ChatKeeper keeper =
        new ChatKeeper(saved, most, () -> LocalDateTime.now(ZoneId.systemDefault()));
    try (ChatConsole console = console(partner, settings.quiet())) {
      Repl repl = new Repl(partner, console, saved, keeper, settings.quiet());
      begun.accept(repl);
      if (settings.resume()) {
        repl.resume();
      }
      repl.run();
    }
  }

  private static boolean isTerminal() {
    return Posix.isTerminal(0) && Posix.isTerminal(1);
  }

  private static ChatConsole console(Partner partner, boolean quiet) {
    if (!isTerminal()) {
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
