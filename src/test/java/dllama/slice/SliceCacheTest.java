package dllama.slice;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.tensor.WorkerPool;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SliceCacheTest {
  private static final String KEY = Digest.of("one");
  private static final String OTHER = Digest.of("other");

  /// Two whole blocks and a part of one.
  private static final int BYTES = (8 << 20) + 4160;

  @TempDir Path folder;

  private final Arena arena = Arena.ofShared();
  private final WorkerPool pool = new WorkerPool(3, 0);
  private final List<String> notes = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() {
    pool.close();
    arena.close();
  }

  private SliceCache open() {
    return open(OptionalLong.empty());
  }

  private SliceCache open(OptionalLong limit) {
    return SliceCache.open(folder, limit, notes::add);
  }

  private MemorySegment slice(int seed, int bytes) {
    byte[] random = new byte[bytes];
    new Random(seed).nextBytes(random);
    return arena.allocate(bytes, 64).copyFrom(MemorySegment.ofArray(random));
  }

  private boolean read(SliceCache cache, String key, MemorySegment to) {
    return cache.read(key, to, pool, _ -> {});
  }

  private Path file(String key) {
    return folder.resolve(key + ".slice");
  }

  private void keep(SliceCache cache, String key, MemorySegment slice) {
    cache.write(key, slice);
    await(file(key));
  }

  private static void await(Path file) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!Files.exists(file)) {
      assertTrue(System.nanoTime() < deadline, file::toString);
      Thread.onSpinWait();
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /// Weights, and which models were used, are nobody else's business.
  @Test
  void shouldBeForItsOwnerAlone() throws IOException {
    Path made = folder.resolve("a/b");
    try (SliceCache cache = SliceCache.open(made, OptionalLong.empty(), notes::add)) {
      cache.write(KEY, slice(1, 64));
      await(made.resolve(KEY + ".slice"));
      cache.note("what", "text");
    }
    assertEquals("rwx------", permissions(made));
    try (Stream<Path> files = Files.list(made)) {
      assertEquals(
          List.of("rw-------", "rw-------"), files.map(SliceCacheTest::permissions).toList());
    }
  }

  private static String permissions(Path path) {
    try {
      return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 4 << 20, BYTES})
  void shouldGiveBackWhatItWasGiven(int bytes) throws IOException {
    MemorySegment slice = slice(1, bytes);
    try (SliceCache cache = open()) {
      keep(cache, KEY, slice);
      assertEquals(List.of(KEY), cache.keys());
    }
    List<Long> progress = new ArrayList<>();
    MemorySegment got = arena.allocate(bytes);
    try (SliceCache again = open()) {
      assertFalse(read(again, OTHER, got));
      assertTrue(again.read(KEY, got, pool, progress::add));
    }
    assertEquals(-1, slice.mismatch(got));
    assertTrue(progress.stream().allMatch(done -> done > 0 && done <= bytes), progress::toString);
    assertEquals(progress.stream().sorted().toList(), progress);
    assertEquals(List.of(KEY + ".slice"), names());
    assertEquals(List.of(), notes);
  }

  @Test
  void shouldMapWhatItWasGiven() throws IOException {
    MemorySegment slice = slice(1, BYTES);
    try (SliceCache cache = open()) {
      keep(cache, KEY, slice);
      List<Long> progress = new ArrayList<>();
      assertTrue(cache.map(OTHER, BYTES, arena, pool, progress::add).isEmpty());
      MemorySegment mapped = cache.map(KEY, BYTES, arena, pool, progress::add).orElseThrow();
      assertTrue(mapped.isMapped() && mapped.isReadOnly());
      assertEquals(0, mapped.address() % 64);
      assertEquals(-1, slice.mismatch(mapped));
      assertTrue(progress.stream().allMatch(done -> done > 0 && done <= BYTES));
      Files.delete(file(KEY));
      assertEquals(-1, slice.mismatch(mapped));

      keep(cache, KEY, slice);
      cache.drop();
      flip(file(KEY), file0(slice) + BYTES / 2);
      assertTrue(cache.map(KEY, BYTES, arena, pool, progress::add).isEmpty());
      assertEquals(List.of(), names());
    }
  }

  @Test
  void shouldNotTakeADamagedEntryAndDeleteIt() throws IOException {
    MemorySegment slice = slice(1, BYTES);
    long header = file0(slice);
    Random dice = new Random(5);
    List<Long> flipped = new ArrayList<>(List.of(0L, 8L, 16L, 79L, 80L, 92L));
    flipped.add(header);
    flipped.add(header + BYTES - 1);
    for (int i = 0; i < 10; i++) {
      flipped.add(header + dice.nextLong(BYTES));
    }
    try (SliceCache cache = open()) {
      for (long at : flipped) {
        keep(cache, KEY, slice);
        cache.drop();
        flip(file(KEY), at);
        assertGone(cache, BYTES, "byte " + at);
      }
    }
  }

  @Test
  void shouldNotTakeAnEntryOfAnotherLength() throws IOException {
    MemorySegment slice = slice(1, BYTES);
    try (SliceCache cache = open()) {
      for (long length : new long[] {0, 1, 4096, BYTES, BYTES + 4095}) {
        keep(cache, KEY, slice);
        cache.drop();
        try (var channel = FileChannel.open(file(KEY), StandardOpenOption.WRITE)) {
          channel.truncate(length);
        }
        assertGone(cache, BYTES, "length " + length);
      }
      keep(cache, KEY, slice);
      cache.drop();
      Files.write(file(KEY), new byte[1], StandardOpenOption.APPEND);
      assertGone(cache, BYTES, "longer");
      keep(cache, KEY, slice);
      cache.drop();
      assertGone(cache, BYTES - 64, "another slice");
    }
  }

  @Test
  void shouldNotTakeTheEntryOfAnotherKey() throws IOException {
    try (SliceCache cache = open()) {
      keep(cache, OTHER, slice(1, BYTES));
      Files.copy(file(OTHER), file(KEY));
      assertGone(cache, BYTES, "another key");
      assertTrue(read(cache, OTHER, arena.allocate(BYTES)));
    }
  }

  private void assertGone(SliceCache cache, int bytes, String what) {
    assertFalse(read(cache, KEY, arena.allocate(bytes)), what);
    assertFalse(Files.exists(file(KEY)), what);
  }

  /// Where the slice begins in its file.
  private static long file0(MemorySegment slice) {
    return new SliceFile(KEY, slice.byteSize()).fileBytes() - slice.byteSize();
  }

  private static void flip(Path file, long at) throws IOException {
    try (var channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      assertEquals(1, channel.read(one, at));
      one.put(0, (byte) (one.get(0) ^ 0x10));
      channel.write(one.flip(), at);
    }
  }

  @Test
  void shouldDropWhatWasUsedLongestAgo() throws IOException {
    List<String> keys = Stream.of("a", "b", "c", "d").map(Digest::of).toList();
    long entry = new SliceFile(KEY, BYTES).fileBytes();
    try (SliceCache cache = open(OptionalLong.of(3 * entry))) {
      for (int i = 0; i < 3; i++) {
        keep(cache, keys.get(i), slice(i, BYTES));
        cache.drop();
        age(file(keys.get(i)), Duration.ofHours(3 - i));
      }
      assertTrue(read(cache, keys.get(0), arena.allocate(BYTES))); // used now
      keep(cache, keys.get(3), slice(3, BYTES));
      assertEquals(Set.of(keys.get(0), keys.get(2), keys.get(3)), new HashSet<>(cache.keys()));
      assertEquals(keys.get(2), cache.keys().getLast());
    }
  }

  /// What an arrival tells.
  private static final class Told implements SliceArrival.Listener {
    final List<String> lines = new CopyOnWriteArrayList<>();

    @Override
    public void wanted() {
      lines.add("wanted");
    }

    @Override
    public void written(long bytes) {
      lines.add("written " + bytes);
    }

    @Override
    public void ended(boolean kept) {
      lines.add("ended " + kept);
    }

    void await(String line) {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (!lines.contains(line)) {
        assertTrue(System.nanoTime() < deadline, () -> line + " of " + lines);
        Thread.onSpinWait();
      }
    }
  }

  private static SliceArrival arrival(SliceCache cache, String key, long bytes, Told told) {
    return cache.arrival(key, bytes, told).orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(ints = {64, 4 << 20, BYTES})
  void shouldWriteTheSameFileBitByBit(int bytes) throws IOException {
    MemorySegment slice = slice(1, bytes);
    Random dice = new Random(bytes);
    Path whole = folder.resolve("whole");
    try (SliceCache cache = open();
        SliceCache other = SliceCache.open(whole, OptionalLong.empty(), notes::add)) {
      Told told = new Told();
      SliceArrival arrival = arrival(cache, KEY, bytes, told);
      told.await("wanted");
      for (long at = 0; at < bytes; ) {
        assertFalse(Files.exists(file(KEY)));
        long length = Math.min(1 + dice.nextInt(1 << 20), bytes - at);
        arrival.put(slice.asSlice(at, length), () -> {});
        at += length;
        told.await("written " + at);
      }
      told.await("ended true");
      other.write(KEY, slice);
      await(whole.resolve(KEY + ".slice"));
      assertEquals(-1, Files.mismatch(whole.resolve(KEY + ".slice"), file(KEY)));
      MemorySegment got = arena.allocate(bytes);
      assertTrue(read(cache, KEY, got));
      assertEquals(-1, slice.mismatch(got));

      Told again = new Told();
      arrival(cache, KEY, bytes, again);
      again.await("ended true");
      assertEquals(List.of("ended true"), again.lines);
    }
    assertEquals("rw-------", permissions(file(KEY)));
    assertEquals(Set.of(KEY + ".slice", "whole"), Set.copyOf(names()));
  }

  @Test
  void shouldGiveUpNothingThatWasUsedLatelyForWhatMayBeUsed() throws IOException {
    long entry = new SliceFile(KEY, BYTES).fileBytes();
    try (SliceCache cache = open(OptionalLong.of(2 * entry))) {
      keep(cache, OTHER, slice(0, BYTES));
      keep(cache, Digest.of("old"), slice(1, BYTES));
      cache.drop();
      age(file(Digest.of("old")), Duration.ofHours(23));
      Told refused = new Told();
      arrival(cache, KEY, BYTES, refused).put(slice(2, 64), () -> {});
      refused.await("ended false");
      assertEquals(List.of("ended false"), refused.lines);
      age(file(OTHER), Duration.ofHours(25));
      cache.inUse(OTHER);
      Told still = new Told();
      arrival(cache, KEY, BYTES, still);
      still.await("ended false");
      assertEquals(Set.of(OTHER, Digest.of("old")), Set.copyOf(cache.keys()));

      age(file(Digest.of("old")), Duration.ofHours(25));
      Told told = new Told();
      SliceArrival arrival = arrival(cache, KEY, BYTES, told);
      told.await("wanted");
      arrival.put(slice(2, BYTES), () -> {});
      told.await("ended true");
      assertEquals(Set.of(OTHER, KEY), Set.copyOf(cache.keys()));
    }
  }

  @Test
  void shouldLeaveNothingOfWhatDoesNotArrive() throws IOException {
    try (SliceCache cache = open()) {
      Told more = new Told();
      SliceArrival arrival = arrival(cache, KEY, 4096, more);
      arrival.put(slice(1, 4000), () -> {});
      arrival.put(slice(1, 97), () -> {});
      more.await("ended false");

      Told closed = new Told();
      SliceArrival dropped = arrival(cache, KEY, 4096, closed);
      dropped.put(slice(1, 4000), () -> {});
      closed.await("written 4000");
      assertEquals(1, names().size());
      dropped.close();
      CountDownLatch done = new CountDownLatch(1);
      dropped.put(slice(1, 96), done::countDown);
      assertTrue(done.await(60, TimeUnit.SECONDS));
      assertEquals(List.of("wanted", "written 4000"), closed.lines);
      assertEquals(List.of(), names());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    assertTrue(SliceCache.off().arrival(KEY, 64, new Told()).isEmpty());
  }

  @Test
  void shouldKeepNothingThatIsLargerThanTheLimit() throws IOException {
    try (SliceCache cache = open(OptionalLong.of(BYTES))) {
      keep(cache, KEY, slice(0, 4096));
      cache.write(OTHER, slice(1, BYTES));
      awaitNote();
      cache.write(OTHER, slice(1, BYTES));
      cache.drop();
      assertEquals(List.of(KEY + ".slice"), names());
      assertEquals(1, notes.size(), notes::toString);
      assertTrue(
          notes.getFirst().contains("8 MiB are more than the limit of 8 MiB"), notes::toString);
    }
  }

  private void awaitNote() {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (notes.isEmpty()) {
      assertTrue(System.nanoTime() < deadline);
      Thread.onSpinWait();
    }
  }

  @Test
  void shouldNeverShowAHalfWrittenEntry() throws IOException {
    MemorySegment slice = slice(1, 64 << 20);
    try (SliceCache cache = open()) {
      for (int i = 0; i < 20; i++) {
        cache.write(KEY, slice);
        assertTrue(cache.drop());
        if (Files.exists(file(KEY))) {
          assertTrue(read(cache, KEY, arena.allocate(64 << 20))); // it was quick
        }
        Files.deleteIfExists(file(KEY));
        assertEquals(List.of(), names());
      }
    }
  }

  @Test
  void shouldLetSeveralWritersShareTheFolder() {
    MemorySegment slice = slice(1, BYTES);
    List<SliceCache> caches = Stream.generate(this::open).limit(4).toList();
    for (int round = 0; round < 5; round++) {
      caches.forEach(cache -> cache.write(KEY, slice));
      await(file(KEY));
      for (SliceCache cache : caches) {
        MemorySegment got = arena.allocate(BYTES);
        assertTrue(read(cache, KEY, got));
        assertEquals(-1, slice.mismatch(got));
      }
      caches.forEach(SliceCache::drop);
      file(KEY).toFile().delete();
    }
    caches.forEach(SliceCache::close);
    assertEquals(List.of(), notes);
  }

  @Test
  void shouldRemoveWhatADeadProcessWasWritingAndLeaveOthersAlone() throws IOException {
    Path dead = Files.writeString(folder.resolve("dead.unfinished"), "half");
    Path young = Files.writeString(folder.resolve("young.unfinished"), "half");
    Path alive = Files.writeString(folder.resolve("alive.unfinished"), "half");
    Path foreign = Files.writeString(folder.resolve("letter.slice"), "not ours");
    age(dead, Duration.ofMinutes(2));
    age(alive, Duration.ofMinutes(2));
    age(foreign, Duration.ofDays(1000));
    try (var channel = FileChannel.open(alive, StandardOpenOption.WRITE);
        var lock = channel.lock()) {
      assertTrue(lock.isValid());
      try (SliceCache cache = open()) {
        assertEquals(List.of(), cache.keys());
      }
    }
    assertFalse(Files.exists(dead));
    assertTrue(Files.exists(young));
    assertTrue(Files.exists(alive));
    assertTrue(Files.exists(foreign));
  }

  private static void age(Path file, Duration by) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(by)));
  }

  @Test
  void shouldDoWithoutAFolderThatCanNotBeMade() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "in the way");
    try (SliceCache cache =
        SliceCache.open(file.resolve("slices"), OptionalLong.empty(), notes::add)) {
      assertFalse(cache.isOn());
      cache.write(KEY, slice(1, 64));
      assertFalse(read(cache, KEY, arena.allocate(64)));
      cache.note("what", "text");
      assertTrue(cache.noted("what").isEmpty());
    }
    assertEquals(1, notes.size(), notes::toString);
    assertTrue(notes.getFirst().startsWith("weights are not kept for the next start: " + file));
  }

  @Test
  void shouldDoWithoutAFolderThatIsTakenAway() throws IOException {
    try (SliceCache cache = open()) {
      Files.delete(folder);
      cache.write(KEY, slice(1, 64));
      cache.note("what", "text");
      cache.drop();
      assertFalse(read(cache, KEY, arena.allocate(64)));
      assertEquals(List.of(), cache.keys());
      assertEquals(1, notes.size(), notes::toString);
      assertEquals(1, notes.getFirst().lines().count());
    }
    Files.createDirectory(folder); // for who cleans up
  }

  @Test
  void shouldRememberNotes() {
    try (SliceCache cache = open()) {
      assertTrue(cache.noted("a file").isEmpty());
      cache.note("a file", "its name");
      cache.note("another", "name");
    }
    try (SliceCache cache = open()) {
      assertEquals("its name", cache.noted("a file").orElseThrow());
      assertEquals(List.of(), cache.keys());
    }
  }

  @Test
  void shouldTakeOnlyKeysThatAreSafeAsNames() {
    try (SliceCache cache = open()) {
      MemorySegment slice = slice(1, 64);
      assertThrows(IllegalArgumentException.class, () -> read(cache, "../" + KEY, slice));
      assertThrows(IllegalArgumentException.class, () -> read(cache, "", slice));
    }
  }
}
