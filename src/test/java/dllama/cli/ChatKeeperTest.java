package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.ChatTemplate.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.LocalDateTime;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatKeeperTest {
  private static final Message QUESTION = new Message(Role.USER, "Hello");
  private static final List<Message> CHAT = List.of(QUESTION, new Message(Role.ASSISTANT, "Hi"));

  @TempDir private Path folder;
  private LocalDateTime now = LocalDateTime.parse("2026-01-02T03:04:05.006");

  private ChatKeeper keeper(int most) {
    return new ChatKeeper(new SavedChats(folder), most, () -> now);
  }

  @Test
  void shouldKeepTheLatestOnly() throws IOException {
    SavedChats saved = new SavedChats(folder);
    saved.save("mine", CHAT);
    for (int i = 0; i < 5; i++) {
      assertEquals(Optional.empty(), keeper(3).keep(CHAT));
      String name = "auto-2026-01-02-03040%d-006".formatted(5 + i);
      Path file = folder.resolve(name + ".json");
      assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
      Files.setLastModifiedTime(file, FileTime.fromMillis(1000L * i));
      now = now.plusSeconds(1);
    }
    assertEquals(
        List.of(
            "auto-2026-01-02-030407-006",
            "auto-2026-01-02-030408-006",
            "auto-2026-01-02-030409-006",
            "mine"),
        saved.names());
  }

  @Test
  void shouldKeepNothingThatIsNotWanted() {
    keeper(0).keep(CHAT);
    keeper(3).keep(List.of());
    keeper(3).keep(List.of(QUESTION));
    assertEquals(List.of(), new SavedChats(folder).names());
  }

  @Test
  void shouldLeaveWhatTheUserSavedAsItIs() {
    SavedChats saved = new SavedChats(folder);
    saved.save("mine", CHAT);
    ChatKeeper keeper = keeper(3);
    keeper.goOn("mine", CHAT);
    keeper.keep(List.of(QUESTION, new Message(Role.ASSISTANT, "Another")));
    assertEquals(CHAT, saved.load("mine"));
    assertEquals(2, saved.names().size());
  }

  @Test
  void shouldSayOnceThatItCanNotKeepTheChat() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    ChatKeeper keeper = new ChatKeeper(new SavedChats(file.resolve("chats")), 3, () -> now);
    String why = keeper.keep(CHAT).orElseThrow();
    assertTrue(why.startsWith("this chat is not kept: the folder "), why);
    assertEquals(Optional.empty(), keeper.keep(CHAT.reversed()));
  }
}
