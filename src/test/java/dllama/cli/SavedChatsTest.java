package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.ChatTemplate.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SavedChatsTest {
  private static final List<Message> CHAT =
      List.of(
          new Message(Role.SYSTEM, "Be \"brief\""),
          new Message(Role.USER, "é 漢字 😀\nand \u001b[31m"),
          new Message(Role.ASSISTANT, ""));

  @TempDir private Path folder;
  private SavedChats saved = new SavedChats(Path.of("."));

  @BeforeEach
  void open() {
    saved = new SavedChats(folder.resolve("state/chats"));
  }

  @Test
  void shouldGiveBackWhatWasSaved() {
    saved.save("b", CHAT.subList(1, 3));
    saved.save("a", CHAT);
    assertEquals(CHAT, saved.load("a"));
    assertEquals(CHAT.subList(1, 3), saved.load("b"));
    saved.save("a", CHAT.subList(1, 3));
    assertEquals(CHAT.subList(1, 3), saved.load("a"), "replaced");
    assertEquals(List.of("a", "b"), saved.names());
  }

  @Test
  void shouldLetNobodyElseRead() throws IOException {
    saved.save("a", CHAT);
    Path chats = folder.resolve("state/chats");
    assertEquals("rwx------", permissions(chats));
    assertEquals("rw-------", permissions(chats.resolve("a.json")));
    try (Stream<Path> files = Files.list(chats)) {
      assertEquals(1, files.count(), "nothing half-written is left");
    }
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void shouldTakePlainNamesOnly() throws IOException {
    for (String name : List.of("../a", "a/b", "", ".a", "-a", "a b", "ä", "a".repeat(65))) {
      assertThrows(UserException.class, () -> saved.save(name, CHAT), name);
      assertThrows(UserException.class, () -> saved.load(name), name);
    }
    assertTrue(Files.notExists(folder.resolve("state")), "nothing was made");
  }

  @Test
  void shouldRefuseWhatIsNoConversation() throws IOException {
    saved.save("a", CHAT);
    for (String text :
        List.of(
            "",
            "{",
            "[]",
            "{\"messages\":[]}",
            "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
            "{\"messages\":[{\"role\":\"assistant\",\"content\":\"x\"}]}",
            "{\"messages\":[{\"role\":\"tool\",\"content\":\"x\"}]}",
            "{\"messages\":[{\"role\":\"user\",\"content\":1},"
                + "{\"role\":\"assistant\",\"content\":\"x\"}]}")) {
      Files.writeString(folder.resolve("state/chats/a.json"), text);
      String why = assertThrows(UserException.class, () -> saved.load("a"), text).getMessage();
      assertTrue(String.valueOf(why).contains("a.json holds no conversation: "), why);
    }
  }
}
