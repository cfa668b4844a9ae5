package dllama.slice;

import dllama.error.UserException;
import dllama.files.PrivateFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes slices into a cache folder on a thread of its own, one at a time, from the memory that is
/// computed with: nobody waits for it, but for who frees that memory.
final class SliceWriter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SliceWriter.class);
  private static final Duration STOP = Duration.ofSeconds(5);

  private final SliceFolder folder;
  private final SliceRoom room;
  private final BooleanSupplier closed;
  private final Consumer<String> complaint;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread writer = new Thread(task, "slice-writer");
            writer.setDaemon(true);
            return writer;
          });
  private volatile boolean stopped;
  private @Nullable Future<?> writing;

  /// @param closed whether the cache is
  /// @param complaint is told why a slice could not be kept
  SliceWriter(
      SliceFolder folder, SliceRoom room, BooleanSupplier closed, Consumer<String> complaint) {
    this.folder = folder;
    this.room = room;
    this.closed = closed;
    this.complaint = complaint;
  }

  /// Writes a slice, in the background. `slice` must stay as it is until [#drop].
  ///
  /// @param key of the slice
  synchronized void write(String key, MemorySegment slice) {
    if (closed.getAsBoolean()) {
      return;
    }
    drop();
    stopped = false;
    writing = thread.submit(() -> writeNow(key, slice));
  }

  /// Has a slice come bit by bit, on the same thread.
  SliceArrival arrival(String key, long bytes, SliceArrival.Listener listener) {
    return new SliceArrival(folder, room, new SliceFile(key, bytes), this::later, listener);
  }

  /// Whatever is asked for when the cache is closed is not done any more.
  private void later(Runnable task) {
    try {
      thread.execute(task);
    } catch (RejectedExecutionException end) {
      LOG.debug("the cache is closed", end);
    }
  }

  /// Ends the writing of a slice; what is written of it goes. To be called before its memory is
  /// freed.
  ///
  /// @return false if the writer does not come back from the disk, so the memory must not be freed
  synchronized boolean drop() {
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
  private void writeNow(String key, MemorySegment slice) {
    SliceFile content = new SliceFile(key, slice.byteSize());
    Path file = folder.slice(key);
    Path unfinished = folder.newUnfinished();
    try {
      if (Files.exists(file)) {
        return; // another process on this machine was quicker
      }
      room.removeLeftBehind();
      room.makeFor(content.fileBytes());
      try (FileChannel channel = PrivateFile.create(unfinished);
          FileLock _ = SliceRoom.lock(channel)) {
        content.write(channel, slice, () -> stopped || closed.getAsBoolean());
      }
      SliceFolder.finish(unfinished, file);
    } catch (IOException e) {
      KeptFile.delete(unfinished);
      complaint.accept(UserException.reason(e));
    } catch (CancellationException end) {
      KeptFile.delete(unfinished);
    }
  }

  /// Ends the writing under way.
  @Override
  public void close() {
    drop();
    thread.shutdown();
  }
}
