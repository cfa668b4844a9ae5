package dllama.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.error.UserException;
import dllama.model.ModelSpec;
import dllama.model.Shapes;
import dllama.settings.Settings;
import dllama.slice.SliceCache;
import dllama.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class FingerprintTest {
  /// Two leaves of the tree.
  private static final int BYTES = (16 << 20) + 4321;

  @TempDir Path folder;
  private Path model;

  /// Bytes that were read of files, as they were told.
  private final List<Long> read = new CopyOnWriteArrayList<>();

  @BeforeEach
  void write() throws IOException {
    model = folder.resolve("model.m");
    Files.write(model, new byte[BYTES]);
  }

  /// An assignment has room for a short one, whatever a shape's description is like.
  @Test
  void shouldBeShortForRandomWeights() {
    Settings settings = Settings.load(Optional.empty(), new Properties(), List.of());
    Set<String> texts = new HashSet<>();
    for (String shape : List.of("tiny", "llama3-70b", "grok-1")) {
      ModelSpec spec = Shapes.spec(shape, DType.Q4_0, Optional.empty());
      for (long seed = 1; seed <= 2; seed++) {
        LoadedModel random = LoadedModel.random(shape, spec, seed, settings.model());
        String text = Fingerprint.of(random, SliceCache.off(), (_, _) -> {}).text();
        assertTrue(text.length() < 100, text);
        texts.add(text);
      }
    }
    assertEquals(6, texts.size());
  }

  private Fingerprint fingerprint(Path file) {
    try (SliceCache cache =
        SliceCache.open(folder.resolve("cache"), OptionalLong.empty(), _ -> {})) {
      return Fingerprint.of(List.of(file), cache, (bytes, _) -> read.add(bytes), () -> {});
    }
  }

  /// Lets the file look as if it had been there for long; its inode can not lie, so that we wait.
  private void settle() throws Exception {
    while (!FileIdentity.of(model).isSettled()) {
      Thread.sleep(100);
    }
  }

  private void flip(long at) throws IOException {
    try (FileChannel channel = FileChannel.open(model, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[] {1}), at);
    }
  }

  @Test
  void shouldReadAFileOnceAndAgainWhenItHasChanged() throws Exception {
    settle();
    Fingerprint first = fingerprint(model);
    assertTrue(first.whole());
    assertTrue(read.contains((long) BYTES), read::toString);
    read.clear();
    assertEquals(first, fingerprint(model));
    assertEquals(List.of(), read);
    FileTime before = Files.getLastModifiedTime(model);
    flip(BYTES / 3);
    Files.setLastModifiedTime(model, before); // as some copying programs do
    assertNotEquals(first, fingerprint(model));
    assertTrue(read.contains((long) BYTES), read::toString);
  }

  @Test
  void shouldTellFilesApartByAnyByteAndNameEqualOnesAlike() throws IOException {
    Fingerprint zeros = fingerprint(model);
    Path copy = Files.copy(model, folder.resolve("copy.m"));
    assertEquals(zeros, fingerprint(copy));
    for (long at : new long[] {0, 5_000_001, (16 << 20) - 1, 16 << 20, BYTES - 1}) {
      flip(at);
      assertNotEquals(zeros, fingerprint(model), "byte " + at);
      Files.write(model, new byte[BYTES]);
    }
    Files.write(model, new byte[BYTES - 1]);
    assertNotEquals(zeros, fingerprint(model));
  }

  @Test
  void shouldNotTrustTheTimesOfAFileThatChangedJustNow() throws IOException {
    assertFalse(
        new FileIdentity("", Instant.now()).isSettled(), "a change in the same second is unseen");
    Files.setLastModifiedTime(model, FileTime.from(Instant.now()));
    fingerprint(model);
    read.clear();
    fingerprint(model);
    assertTrue(read.contains((long) BYTES), read::toString);
  }

  @Test
  void shouldLookAtTheWeightsOfAContentThatIsNotKnownAndNoteNothingOfADamagedOne()
      throws Exception {
    settle();
    try (SliceCache cache =
        SliceCache.open(folder.resolve("cache"), OptionalLong.empty(), _ -> {})) {
      Runnable damaged =
          () -> {
            throw new UserException("damaged");
          };
      for (int start = 0; start < 2; start++) {
        assertThrows(
            UserException.class,
            () -> Fingerprint.of(List.of(model), cache, (_, _) -> {}, damaged));
      }
      Fingerprint known = Fingerprint.of(List.of(model), cache, (_, _) -> {}, () -> {});
      assertEquals(
          known, Fingerprint.of(List.of(model), cache, (_, _) -> {}, damaged), "not looked at");
    }
  }

  @Test
  void shouldNameAModelInSeveralFilesByAllOfThem() throws Exception {
    Path second = Files.copy(model, folder.resolve("second.m"));
    List<Path> files = List.of(model, second);
    settle();
    try (SliceCache cache =
        SliceCache.open(folder.resolve("cache"), OptionalLong.empty(), _ -> {})) {
      List<String> looks = new ArrayList<>();
      Fingerprint both = Fingerprint.of(files, cache, (_, _) -> {}, () -> looks.add("look"));
      assertEquals(List.of("look"), looks, "once for all files");
      assertTrue(both.whole());
      assertEquals(both, Fingerprint.of(files, cache, (_, _) -> {}, () -> looks.add("look")));
      assertEquals(List.of("look"), looks, "both are known now");
      assertNotEquals(both, fingerprint(model));
      flip(7);
      assertNotEquals(both, Fingerprint.of(files, cache, (_, _) -> {}, () -> {}));
    }
  }

  @Test
  void shouldNotReadTheWholeFileWhereNothingIsKept() throws IOException {
    Fingerprint samples =
        Fingerprint.of(List.of(model), SliceCache.off(), (_, _) -> read.add(0L), () -> {});
    assertFalse(samples.whole());
    assertEquals(List.of(), read);
    flip(0);
    assertNotEquals(
        samples, Fingerprint.of(List.of(model), SliceCache.off(), (_, _) -> {}, () -> {}));
  }
}
