package dllama.slice;

import dllama.error.UserException;
import dllama.files.PrivateFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A slice on its way into a cache folder, bit by bit and without a copy in memory. Called by one
/// thread; the file is written on the cache's. Until it is complete nobody sees it.
public final class SliceArrival implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SliceArrival.class);

  /// How it goes. On the cache's thread; nothing is told after [SliceArrival#close].
  public interface Listener {
    /// There is room for the slice, and it is not here: its bytes may come.
    void wanted();

    /// So many bytes are written.
    void written(long bytes);

    /// The slice is in the folder, or can not be kept. The last call.
    void ended(boolean kept);
  }

  private final SliceFolder folder;
  private final SliceRoom room;
  private final SliceFile content;
  private final Executor thread;
  private final Listener listener;
  private final Path unfinished;
  private volatile boolean closed;
  private @Nullable FileChannel file;
  private @Nullable FileLock lock;
  private SliceFile.@Nullable Writing writing;

  /// @param thread that writes, one task after another
  SliceArrival(
      SliceFolder folder, SliceRoom room, SliceFile content, Executor thread, Listener listener) {
    this.folder = folder;
    this.room = room;
    this.content = content;
    this.thread = thread;
    this.listener = listener;
    unfinished = folder.newUnfinished();
    thread.execute(() -> attempt(this::open));
  }

  /// Takes the next bytes, which must stay as they are until they are written.
  ///
  /// @param done whatever became of them
  public void put(MemorySegment bytes, Runnable done) {
    thread.execute(
        () -> {
          try {
            attempt(() -> append(bytes));
          } finally {
            done.run();
          }
        });
  }

  @FunctionalInterface
  private interface Step {
    void run() throws IOException;
  }

  private void attempt(Step step) {
    if (closed) {
      return;
    }
    try {
      step.run();
    } catch (IOException e) {
      LOG.info("a slice is not kept: {}", UserException.reason(e));
      end(false);
    }
  }

  private void open() throws IOException {
    if (Files.exists(folder.slice(content.key()))) {
      KeptFile.touch(folder.slice(content.key()));
      end(true);
      return;
    }
    room.removeLeftBehind();
    if (!room.makeForSpare(content.fileBytes())) {
      end(false);
      return;
    }
    FileChannel created = PrivateFile.create(unfinished);
    file = created;
    lock = SliceRoom.lock(created);
    writing = content.new Writing(created);
    listener.wanted();
  }

  private void append(MemorySegment bytes) throws IOException {
    SliceFile.Writing to = writing;
    if (to == null) {
      throw new IOException("it was not asked for");
    }
    if (bytes.byteSize() > to.missing()) {
      throw new IOException("more was sent than there is of it");
    }
    to.append(bytes.asByteBuffer());
    if (to.missing() == 0) {
      to.finish();
      release();
      SliceFolder.finish(unfinished, folder.slice(content.key()));
      listener.written(to.done());
      end(true);
    } else {
      listener.written(to.done());
    }
  }

  private void end(boolean kept) {
    closed = true;
    drop();
    listener.ended(kept);
  }

  /// What is written of it goes, unless it is complete.
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      thread.execute(this::drop);
    }
  }

  private void drop() {
    boolean begun = file != null;
    try {
      release();
    } catch (IOException e) {
      LOG.debug("{} can not be closed", unfinished, e);
    }
    if (begun) {
      KeptFile.delete(unfinished);
    }
  }

  private void release() throws IOException {
    writing = null;
    if (lock != null) {
      lock.close();
      lock = null;
    }
    if (file != null) {
      file.close();
      file = null;
    }
  }
}
