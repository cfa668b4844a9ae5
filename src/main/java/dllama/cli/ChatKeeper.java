package dllama.cli;

import dllama.error.UserException;
import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.ChatTemplate.Role;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Keeps a chat after every answer, so that one that was cut off, with its root or its terminal,
/// can go on. Each has a name of its own, by the time when it began; of such ones the latest stay.
/// One thread.
final class ChatKeeper {
  private static final String PREFIX = "auto-";
  private static final DateTimeFormatter BY_TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd-HHmmss-SSS");

  private final SavedChats chats;
  private final int most;
  private final Supplier<LocalDateTime> clock;
  private Optional<String> name = Optional.empty();
  private List<Message> kept = List.of();

  /// Whether the last try did not succeed.
  private boolean failed;

  /// @param most chats that stay; 0 to keep none
  ChatKeeper(SavedChats chats, int most, Supplier<LocalDateTime> clock) {
    this.chats = chats;
    this.most = most;
    this.clock = clock;
  }

  /// Another chat begins.
  void begin() {
    name = Optional.empty();
    kept = List.of();
  }

  /// A chat that is known by a name goes on. Only one that was kept goes on under its name: what a
  /// user has saved stays as it was.
  void goOn(String with, List<Message> conversation) {
    name = Optional.of(with).filter(it -> it.startsWith(PREFIX));
    kept = conversation;
  }

  /// Keeps what was said until now.
  ///
  /// @return why that could not be, in a line; said once
  Optional<String> keep(List<Message> conversation) {
    boolean answered = conversation.stream().anyMatch(said -> said.role() == Role.ASSISTANT);
    if (most == 0 || !answered || conversation.equals(kept)) {
      return Optional.empty();
    }
    kept = conversation;
    String as = name.orElseGet(() -> PREFIX + clock.get().format(BY_TIME));
    name = Optional.of(as);
    try {
      chats.save(as, conversation);
      chats.trim(PREFIX, most);
      failed = false;
      return Optional.empty();
    } catch (UserException e) {
      boolean news = !failed;
      failed = true;
      return news ? Optional.of("this chat is not kept: " + e.getMessage()) : Optional.empty();
    }
  }
}
