package dllama.slice;

import dllama.error.UserException;
import dllama.files.PrivateFolder;
import dllama.tensor.WorkerPool;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
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
public final class SliceCache implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SliceCache.class);

  /// More are not offered to a root.
  private static final int MAX_KEYS = 256;

  private final @Nullable Parts parts;
  private final Consumer<String> note;
  private final AtomicBoolean complained = new AtomicBoolean();
  private volatile boolean closed;

  /// What a cache that is on consists of.
  private record Parts(SliceFolder folder, SliceWriter writer, SliceNotes notes) {}

  private SliceCache(@Nullable Path path, OptionalLong limit, Consumer<String> note) {
    this.note = note;
    parts = path == null ? null : parts(path, limit);
  }

  private Parts parts(Path path, OptionalLong limit) {
    SliceFolder folder = new SliceFolder(path);
    Consumer<String> complaint = reason -> complain(path, reason);
    var writer = new SliceWriter(folder, new SliceRoom(folder, limit), () -> closed, complaint);
    return new Parts(folder, writer, new SliceNotes(folder, complaint));
  }

  /// A cache that holds nothing.
  public static SliceCache off() {
    return new SliceCache(null, OptionalLong.empty(), _ -> {});
  }

  /// The cache in `folder`, which is made if need be; [#off] if it can not be used.
  ///
  /// @param limit bytes of all slices; empty: half of what they take and what is free on that disk
  /// @param note is told in one line, once, if slices can not be kept
  public static SliceCache open(Path folder, OptionalLong limit, Consumer<String> note) {
    SliceCache cache = new SliceCache(folder, limit, note);
    try {
      PrivateFolder.create(folder);
      if (!Files.isWritable(folder)) {
        throw new IOException("it can not be written to");
      }
      new SliceRoom(new SliceFolder(folder), limit).removeLeftBehind();
      return cache;
    } catch (IOException e) {
      cache.complain(folder, UserException.reason(e));
      cache.close();
      return off();
    }
  }

  /// Whether slices are kept at all.
  public boolean isOn() {
    return parts != null;
  }

  /// Keys of slices that are here, the one used last first.
  public List<String> keys() {
    return parts == null
        ? List.of()
        : parts.folder().slices().stream()
            .sorted(Comparator.comparing(KeptFile::used).reversed())
            .limit(MAX_KEYS)
            .map(KeptFile::name)
            .toList();
  }

  /// Reads a slice, on all threads of `pool`. One that is damaged is deleted.
  ///
  /// @param key of the slice
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
    if (parts == null) {
      return Optional.empty();
    }
    Path file = parts.folder().slice(key);
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
  /// @param key of the slice
  public void write(String key, MemorySegment slice) {
    if (parts != null) {
      parts.writer().write(key, slice);
    }
  }

  /// Has a slice come bit by bit that may be of use one day: for it nothing goes that was used
  /// lately. `listener` is told, on a thread of the cache, how that goes.
  ///
  /// @return where to put its bytes; empty if nothing is kept
  public Optional<SliceArrival> arrival(String key, long bytes, SliceArrival.Listener listener) {
    return Optional.ofNullable(parts).map(on -> on.writer().arrival(key, bytes, listener));
  }

  /// A slice that is in memory is in use, though nobody reads its file.
  public void inUse(String key) {
    if (parts != null) {
      KeptFile.touch(parts.folder().slice(key));
    }
  }

  /// Ends the writing of a slice; what is written of it goes. To be called before its memory is
  /// freed.
  ///
  /// @return false if the writer does not come back from the disk, so the memory must not be freed
  public boolean drop() {
    return parts == null || parts.writer().drop();
  }

  /// What was noted for `what`.
  public Optional<String> noted(String what) {
    return parts == null ? Optional.empty() : parts.notes().noted(what);
  }

  /// Notes `text`, of at most 1024 bytes, for `what`.
  public void note(String what, String text) {
    if (parts != null) {
      parts.notes().note(what, text);
    }
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
    if (parts != null) {
      parts.writer().close();
    }
  }
}
