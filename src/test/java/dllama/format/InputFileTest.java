package dllama.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dllama.error.UserException;
import dllama.format.file.InputFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// What is read of files, and what is said of paths that can not be read as one.
class InputFileTest {
  private static final byte[] BYTES = {1, 2, 3, 4, 5, 6, 7, 8};

  @TempDir private Path folder;

  @Test
  void shouldReadNoMoreThanThereIs() throws IOException {
    Path path = Files.write(folder.resolve("file"), BYTES);
    try (InputFile onDisk = InputFile.open(path, ".m");
        InputFile inMemory = InputFile.of(BYTES, "file")) {
      assertEquals(List.of(path), onDisk.paths());
      assertEquals(List.of(), inMemory.paths());
      for (InputFile file : List.of(onDisk, inMemory)) {
        assertEquals(8, file.size());
        assertEquals(0x06050403, file.read(2, 4).getInt(), "little-endian");
        assertArrayEquals(new byte[] {7, 8}, file.read(6, 100).array());
        assertEquals(0, file.read(8, 1).remaining());
        assertEquals(0, file.read(100, 1).remaining());
      }
    }
  }

  @Test
  void shouldSayThatAFileWasShortenedMeanwhile() throws IOException {
    Path path = Files.write(folder.resolve("file"), BYTES);
    try (InputFile file = InputFile.open(path, ".m");
        FileChannel other = FileChannel.open(path, StandardOpenOption.WRITE)) {
      other.truncate(4);
      assertEquals(
          ".m file %s: it was shortened while it was read; the file is damaged or incomplete: copy or convert it again"
              .formatted(path),
          assertThrows(UserException.class, () -> file.read(0, 8)).getMessage());
    }
  }

  @Test
  void shouldRefuseWhatIsNoFile() {
    assertEquals(
        "%s is a folder, not a .m file; name the file in it".formatted(folder), refused(folder));
    Path missing = folder.resolve("missing");
    assertEquals(".m file %s does not exist; check the path".formatted(missing), refused(missing));
  }

  /// Reading from it might never end.
  @Test
  @DisabledOnOs(OS.WINDOWS)
  void shouldRefuseADevice() {
    assertEquals("/dev/zero is not a regular file; name a .m file", refused(Path.of("/dev/zero")));
  }

  private static String refused(Path path) {
    return assertThrows(UserException.class, () -> InputFile.open(path, ".m")).getMessage();
  }
}
