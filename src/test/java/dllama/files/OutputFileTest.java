package dllama.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dllama.error.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class OutputFileTest {
  @TempDir private Path folder;

  private static void write(Path path) {
    try (OutputFile file = OutputFile.create(path, 3)) {
      file.write(ByteBuffer.wrap("new".getBytes(StandardCharsets.UTF_8)));
      file.finish();
    }
  }

  @Test
  void shouldReplaceAFileWhenItIsComplete() throws IOException {
    Path path = Files.writeString(folder.resolve("a"), "old");
    try (OutputFile file = OutputFile.create(path, 3)) {
      file.write(ByteBuffer.wrap(new byte[2]));
    }
    assertEquals("old", Files.readString(path));
    write(path);
    assertEquals("new", Files.readString(path));
    assertFalse(Files.exists(folder.resolve("a.part")));
  }

  @Test
  void shouldRefuseWhatHasNoRoom() throws IOException {
    Path path = Files.writeString(folder.resolve("a"), "old");
    var refused = assertThrows(UserException.class, () -> OutputFile.create(path, Long.MAX_VALUE));
    assertTrue(refused.getMessage().contains(" are free there"), refused.getMessage());
    assertFalse(refused.getMessage().contains("only 0 bytes"), refused.getMessage());
    assertEquals("old", Files.readString(path));
    assertFalse(Files.exists(folder.resolve("a.part")));
  }

  @Test
  void shouldFollowLinks() throws IOException {
    Path target = folder.resolve("target");
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("target"));
    Path second = Files.createSymbolicLink(folder.resolve("second"), link);
    write(second); // the target is not there yet
    assertEquals("new", Files.readString(target));
    Files.writeString(target, "old");
    write(link);
    assertTrue(Files.isSymbolicLink(link));
    assertTrue(Files.isSymbolicLink(second));
    assertEquals("new", Files.readString(target));
    Path self = folder.resolve("self");
    Files.createSymbolicLink(self, self);
    assertThrows(UserException.class, () -> write(self));
  }

  @Test
  @Timeout(10)
  void shouldLeavePipesAlone() throws Exception {
    Path pipe = folder.resolve("pipe");
    assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start().waitFor() == 0);
    Path link = Files.createSymbolicLink(folder.resolve("link"), pipe);
    for (Path path : new Path[] {pipe, link, folder}) {
      assertThrows(UserException.class, () -> write(path));
      assertThrows(UserException.class, () -> OutputFile.check(path));
    }
    Path waiting = folder.resolve("x");
    Files.move(pipe, folder.resolve("x.part"));
    assertThrows(UserException.class, () -> write(waiting));
    assertFalse(Files.isRegularFile(folder.resolve("x.part")), "it is a pipe still");
  }

  @Test
  @Timeout(10)
  void shouldReadRegularFilesOnly() throws Exception {
    Path pipe = folder.resolve("in\u001b[2J\nput");
    assumeTrue(new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start().waitFor() == 0);
    var refused = assertThrows(UserException.class, () -> RegularFile.text(pipe, "--prompt-file"));
    assertTrue(
        refused.getMessage().contains("in\\u001b[2J\\nput is not a regular file"),
        refused.getMessage());
    Path text = Files.writeString(folder.resolve("text"), "é\n");
    assertEquals("é\n", RegularFile.text(text, "--prompt-file"));
    Files.write(text, new byte[] {(byte) 0xFF});
    assertThrows(UserException.class, () -> RegularFile.text(text, "--prompt-file"));
    assertThrows(UserException.class, () -> RegularFile.check(folder.resolve("none"), "--config"));
    assertThrows(UserException.class, () -> RegularFile.check(folder, "--config"));
  }

  @Test
  void shouldSayWhatCanNotBeWrittenBeforeItIsTried() {
    Path path = folder.resolve("none").resolve("a");
    var refused = assertThrows(UserException.class, () -> OutputFile.check(path));
    assertTrue(refused.getMessage().contains("there is no folder"), refused.getMessage());
  }

  @Test
  void shouldShowSizesInTheUnitThatShowsThem() {
    assertEquals("0 bytes", ByteSize.text(0));
    assertEquals("1 byte", ByteSize.text(1));
    assertEquals("1023 bytes", ByteSize.text(1023));
    assertEquals("3.5 KB", ByteSize.text(3584));
    assertEquals("1.0 MB", ByteSize.text(1 << 20));
    assertEquals("1.50 GB", ByteSize.text(3L << 29));
    assertEquals("2048.00 TB", ByteSize.text(1L << 51));
  }
}
