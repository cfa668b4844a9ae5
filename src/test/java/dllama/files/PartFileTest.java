package dllama.files;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PartFileTest {
  private static final String WHAT = "convert x";
  private static final byte[] CONTENT = new byte[5000];

  @TempDir Path folder;

  private Path path;
  private Path part;
  private Path notes;

  static {
    new Random(1).nextBytes(CONTENT);
  }

  @BeforeEach
  void name() {
    path = folder.resolve("out");
    part = folder.resolve("out.part");
    notes = folder.resolve("out.part.done");
  }

  /// Writes up to a place, and leaves it there.
  private void begin(int end) {
    try (PartFile file = PartFile.open(path, CONTENT.length, WHAT)) {
      write(file, end);
    }
  }

  private static void write(PartFile file, int end) {
    int from = (int) file.begun();
    file.write(ByteBuffer.wrap(CONTENT, from, end - from));
  }

  /// Goes on to the end.
  ///
  /// @return bytes that were there
  private long goOn(String what) throws IOException {
    long begun;
    try (PartFile file = PartFile.open(path, CONTENT.length, what)) {
      begun = file.begun();
      write(file, CONTENT.length);
      assertFalse(Files.exists(path));
      file.finish();
    }
    assertArrayEquals(CONTENT, Files.readAllBytes(path));
    assertFalse(Files.exists(part));
    assertFalse(Files.exists(notes));
    Files.delete(path);
    return begun;
  }

  @Test
  void shouldHaveItsNameWhenItIsComplete() throws IOException {
    Files.writeString(path, "the old one");
    begin(3000);
    assertEquals("the old one", Files.readString(path));
    Files.delete(path);
    assertEquals(3000, goOn(WHAT));
  }

  @Test
  void shouldGoOnSeveralTimes() throws IOException {
    begin(0);
    begin(1);
    begin(2000);
    begin(2000);
    begin(4999);
    List<String> lines = Files.readAllLines(notes);
    assertEquals("convert x", lines.getFirst());
    // A slow machine notes more often.
    assertEquals(List.of("1", "2000", "4999"), lines.stream().skip(1).distinct().toList());
    assertEquals(4999, goOn(WHAT));
  }

  /// A process that is killed may have written more than it noted: that may not be on the disk.
  @Test
  void shouldNotCountWhatWasNotNoted() throws IOException {
    begin(3000);
    Files.write(part, new byte[700], StandardOpenOption.APPEND);
    assertEquals(3000, goOn(WHAT));
  }

  /// What was noted may be gone: a disk that lost its cache, a file that somebody cut.
  @Test
  void shouldNotCountWhatIsNotThere() throws IOException {
    begin(3000);
    Files.write(part, Arrays.copyOf(CONTENT, 1200));
    assertEquals(1200, goOn(WHAT));
    begin(3000);
    Files.delete(part);
    assertEquals(0, goOn(WHAT));
  }

  @Test
  void shouldBeginAnewForAnotherContent() throws IOException {
    begin(3000);
    assertEquals(0, goOn("convert y"));
    begin(3000);
    assertEquals(0, goOn(WHAT + " z"), "a longer line");
    begin(3000);
    assertEquals(0, goOn("convert"), "a shorter one");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "convert x",
        "convert x\n",
        "convert x\n-5\n",
        "convert x\n99999999999999999999\n",
        "convert x\nabc\n",
        "\u0000\u0000\u0000",
        "other\n3000\n"
      })
  void shouldNotBelieveNotesThatAreDamaged(String damaged) throws IOException {
    begin(3000);
    Files.writeString(notes, damaged);
    assertEquals(0, goOn(WHAT));
  }

  /// The last line was being written.
  @Test
  void shouldLeaveOutALineThatWasNotFinished() throws IOException {
    begin(2000);
    Files.writeString(notes, "30", StandardOpenOption.APPEND);
    assertEquals(2000, goOn(WHAT));
  }

  @Test
  void shouldNotReadHugeNotes() throws IOException {
    begin(2000);
    Files.write(notes, new byte[(1 << 20) + 1]);
    assertEquals(0, goOn(WHAT));
  }

  /// More than the file will have, as after a change of what it is.
  @Test
  void shouldCutWhatIsTooMuch() throws IOException {
    Files.write(part, new byte[20_000]);
    assertEquals(0, goOn(WHAT));
  }

  @Test
  void shouldBeWrittenByOne() {
    try (PartFile file = PartFile.open(path, CONTENT.length, WHAT)) {
      write(file, 100);
      String message =
          assertThrows(UserException.class, () -> PartFile.open(path, CONTENT.length, WHAT))
              .getMessage();
      assertTrue(String.valueOf(message).contains("being written by another process"), message);
      write(file, 200);
    }
  }

  @Test
  void shouldRefuseWhatIsNoFile() throws IOException {
    Files.createDirectory(part);
    assertThrows(UserException.class, () -> PartFile.open(path, 10, WHAT));
    Files.delete(part);
    Files.createDirectory(path);
    assertThrows(UserException.class, () -> PartFile.open(path, 10, WHAT));
    Path nowhere = folder.resolve("no/out");
    String message =
        assertThrows(UserException.class, () -> PartFile.open(nowhere, 10, WHAT)).getMessage();
    assertEquals(1, String.valueOf(message).lines().count());
  }

  /// Nothing is cut off before the place is known to be there.
  @Test
  void shouldKeepWhatIsThereIfTheDiskIsFull() throws IOException {
    begin(3000);
    String message =
        assertThrows(UserException.class, () -> PartFile.open(path, Long.MAX_VALUE / 2, WHAT))
            .getMessage();
    assertTrue(String.valueOf(message).contains("are free there"), message);
    assertEquals(3000, goOn(WHAT));
  }
}
