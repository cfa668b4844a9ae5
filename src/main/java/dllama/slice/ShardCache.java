package dllama.slice;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import dllama.error.UserException;
import dllama.tensor.WorkerPool;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Packed slices of weights in a folder, so that a node that starts again need not be sent them
/// again. A slice is a file named by its key ([SliceFile]) whose time of change is that of its last
/// use; the one used longest ago goes first when room is needed.
///
/// Several processes may share the folder: a file gets its name when it is complete, in one step,
/// and one that is deleted stays readable for whoever has it open. What was being written by a
/// process that died is known by the lock that it holds no more.
///
/// The cache may lose anything at any time, and whatever goes wrong with it costs one line and the
/// time that it would have saved. Thread-safe, but for [#drop].
public final class ShardCache implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ShardCache.class);
  private static final String SLICE = ".slice";
  private static final String UNFINISHED = ".unfinished";
  private static final String NOTE = ".note";
  private static final String KEY = "[0-9a-f]{%d}".formatted(SliceFile.KEY_LENGTH);

  /// More are not offered to a root.
  private static final int MAX_KEYS = 256;

  /// A note is a fingerprint; nothing longer is read.
  private static final int MAX_NOTE_BYTES = 1024;

  /// Between the making of a file and its lock a process may stand still for a while.
  private static final Duration LOCKED_BY_NOW = Duration.ofMinutes(1);

  private static final Duration STOP = Duration.ofSeconds(5);

  private final @Nullable Path folder;
  private final OptionalLong limit;
  private final Consumer<String> note;
  private final ExecutorService writer =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "slice-writer");
            thread.setDaemon(true);
            return thread;
          });
  private volatile boolean closed;
  private volatile boolean stopped;
  private final AtomicBoolean complained = new AtomicBoolean();
  private @Nullable Future<?> writing;

  private ShardCache(@Nullable Path folder, OptionalLong limit, Consumer<String> note) {
    this.folder = folder;
    this.limit = limit;
    this.note = note;
  }

  /// A cache that holds nothing.
  public static ShardCache off() {
    return new ShardCache(null, OptionalLong.empty(), _ -> {});
  }

  /// The cache in `folder`, which is made if need be; [#off] if it can not be used.
  ///
  /// @param limit bytes of all slices; empty: half of what they take and what is free on that disk
  /// @param note is told in one line, once, if slices can not be kept
  public static ShardCache open(Path folder, OptionalLong limit, Consumer<String> note) {
    ShardCache cache = new ShardCache(folder, limit, note);
    try {
      Files.createDirectories(folder);
      if (!Files.isWritable(folder)) {
        throw new IOException("it can not be written to");
      }
      cache.removeUnfinished();
      return cache;
    } catch (IOException e) {
      cache.complain(folder, UserException.reason(e));
      return off();
    }
  }

  /// Whether slices are kept at all.
  public boolean isOn() {
    return folder != null;
  }

  // ---- slices

  /// Keys of slices that are here, the one used last first.
  public List<String> keys() {
    return slices().stream()
        .sorted(Comparator.comparing(KeptFile::used).reversed())
        .limit(MAX_KEYS)
        .map(KeptFile::name)
        .toList();
  }

  /// Reads a slice, on all threads of `pool`. One that is damaged is deleted.
  ///
  /// @param key [#KEY]
  /// @param to memory of the length of the slice
  /// @param progress is told, on the calling thread, the number of bytes done so far
  /// @return whether the slice is there now; if not, what is in `to` is undefined
  public boolean read(String key, MemorySegment to, WorkerPool pool, LongConsumer progress) {
    Taking reading =
        file -> {
          new SliceFile(key, to.byteSize()).read(file, to, pool, progress, () -> closed);
          return to;
        };
    return take(key, reading).isPresent();
  }

  /// As [#read], but the slice stays in its file, and its pages in memory are the system's to
  /// take: for a machine that has not the memory for a copy. Slower, as there are no huge pages.
  ///
  /// @param bytes of the slice
  /// @param arena as long as which the result can be read
  public Optional<MemorySegment> map(
      String key, long bytes, Arena arena, WorkerPool pool, LongConsumer progress) {
    return take(
        key, file -> new SliceFile(key, bytes).map(file, arena, pool, progress, () -> closed));
  }

  /// A way to get the slice in a file.
  @FunctionalInterface
  private interface Taking {
    MemorySegment from(FileChannel file) throws IOException;
  }

  private Optional<MemorySegment> take(String key, Taking taking) {
    if (folder == null) {
      return Optional.empty();
    }
    Path file = file(folder, key, SLICE);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MemorySegment slice = taking.from(channel);
      KeptFile.touch(file);
      return Optional.of(slice);
    } catch (NoSuchFileException | ClosedChannelException | CancellationException e) {
      return Optional.empty(); // not there, or this node ends
    } catch (IOException e) {
      LOG.info("{} is fetched again: {}", file, UserException.reason(e));
      KeptFile.delete(file);
      return Optional.empty();
    }
  }

  /// Writes a slice, in the background. `slice` must stay as it is until [#drop].
  ///
  /// @param key [#KEY]
  public synchronized void write(String key, MemorySegment slice) {
    if (folder == null || closed) {
      return;
    }
    drop();
    stopped = false;
    Path to = folder;
    writing = writer.submit(() -> write(to, key, slice));
  }

  /// Ends the writing of a slice; what is written of it goes. To be called before its memory is
  /// freed.
  ///
  /// @return false if the writer does not come back from the disk, so the memory must not be freed
  public synchronized boolean drop() {
    stopped = true;
    Future<?> last = writing;
    if (last == null) {
      return true;
    }
    try {
      last.get(STOP.toMillis(), TimeUnit.MILLISECONDS);
      writing = null;
      return true;
    } catch (ExecutionException e) {
      LOG.error("this is a bug, please report it; a slice was not written", e);
      writing = null;
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// Writer thread.
  private void write(Path to, String key, MemorySegment slice) {
    SliceFile content = new SliceFile(key, slice.byteSize());
    Path file = file(to, key, SLICE);
    Path unfinished = to.resolve(UUID.randomUUID() + UNFINISHED);
    try {
      if (Files.exists(file)) {
        return; // another process on this machine was quicker
      }
      removeUnfinished();
      makeRoom(to, content.fileBytes());
      try (FileChannel channel =
              FileChannel.open(
                  unfinished, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
          FileLock _ = lock(channel)) {
        content.write(channel, slice, () -> stopped || closed);
      }
      Files.move(unfinished, file, ATOMIC_MOVE, REPLACE_EXISTING);
    } catch (IOException e) {
      KeptFile.delete(unfinished);
      complain(to, UserException.reason(e));
    } catch (CancellationException end) {
      KeptFile.delete(unfinished);
    }
  }

  /// Tells other processes that the file is not left behind; null where locks do not work, and
  /// nobody can tell either.
  private static @Nullable FileLock lock(FileChannel file) {
    try {
      return file.tryLock();
    } catch (IOException e) {
      return null;
    }
  }

  /// Deletes what was used longest ago until `bytes` more are within the limit.
  private void makeRoom(Path from, long bytes) throws IOException {
    List<KeptFile> slices = new ArrayList<>(slices());
    slices.sort(Comparator.comparing(KeptFile::used));
    long used =
        slices.stream().mapToLong(KeptFile::bytes).sum()
            + files(UNFINISHED).stream().mapToLong(KeptFile::bytes).sum();
    long free = from.toFile().getUsableSpace();
    long most = limit.orElse((used + free) / 2);
    if (bytes > most) {
      throw new IOException(
          "%d MiB are more than the limit of %d MiB".formatted(bytes >> 20, most >> 20));
    }
    for (KeptFile oldest : slices) {
      if (used + bytes <= most) {
        break;
      }
      oldest.delete();
      used -= oldest.bytes();
    }
  }

  /// Deletes what processes that died were writing.
  private void removeUnfinished() {
    Instant young = Instant.now().minus(LOCKED_BY_NOW);
    for (KeptFile kept : files(UNFINISHED)) {
      if (kept.used().toInstant().isBefore(young) && !isLocked(kept.file())) {
        LOG.info("{} was left behind", kept.file());
        kept.delete();
      }
    }
  }

  private static boolean isLocked(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      return lock == null;
    } catch (OverlappingFileLockException ours) {
      return true;
    } catch (IOException e) {
      return true; // gone, or a file system without locks
    }
  }

  // ---- notes

  /// What was noted for `what`.
  public Optional<String> noted(String what) {
    if (folder == null) {
      return Optional.empty();
    }
    Path file = file(folder, Digest.of(what), NOTE);
    try (var in = Files.newInputStream(file)) {
      String text = new String(in.readNBytes(MAX_NOTE_BYTES), UTF_8);
      KeptFile.touch(file);
      return Optional.of(text);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /// Notes `text`, of at most 1024 bytes, for `what`.
  public void note(String what, String text) {
    if (folder == null) {
      return;
    }
    Path unfinished = folder.resolve(UUID.randomUUID() + UNFINISHED);
    try {
      Files.writeString(unfinished, text);
      Files.move(unfinished, file(folder, Digest.of(what), NOTE), ATOMIC_MOVE, REPLACE_EXISTING);
    } catch (IOException e) {
      KeptFile.delete(unfinished);
      complain(folder, UserException.reason(e));
    }
  }

  // ---- files

  private static Path file(Path folder, String key, String suffix) {
    if (!key.matches(KEY)) {
      throw new IllegalArgumentException("key=" + key);
    }
    return folder.resolve(key + suffix);
  }

  private List<KeptFile> files(String suffix) {
    return folder == null ? List.of() : KeptFile.in(folder, suffix);
  }

  /// Slices; other files that someone put there are left alone.
  private List<KeptFile> slices() {
    return files(SLICE).stream().filter(kept -> kept.name().matches(KEY)).toList();
  }

  private void complain(Path where, String reason) {
    if (!closed && complained.compareAndSet(false, true)) {
      note.accept(
          "weights are not kept for the next start: %s: %s; see dllama.weights.cache-dir and cache-limit"
              .formatted(where, reason));
    }
  }

  /// Ends a read and a write under way; the cache is not used afterwards.
  @Override
  public void close() {
    closed = true;
    drop();
    writer.shutdown();
  }
}
