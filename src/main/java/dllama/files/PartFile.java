package dllama.files;

import static java.nio.charset.StandardCharsets.UTF_8;

import dllama.error.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// A large file that is being written from its beginning to its end, as `NAME.part` until it is
/// complete. Closed without [#finish], or left by a process that was killed, it stays there, and
/// who writes the same goes on with it: `NAME.part.done` has a line for what it will be, then one
/// for each number of bytes that were on the disk. Not thread-safe.
public final class PartFile implements AutoCloseable {
  /// Between two looks at the disk, which wait for it: what a process that is killed loses.
  private static final long STEP_BYTES = 128 << 20;

  private static final long STEP_NANOS = 1_000_000_000;

  private static final int MOST_NOTES = 1 << 20;

  private final Path path;
  private final Path part;
  private final Path notes;
  private final FileChannel channel;
  private final long begun;
  private long written;
  private long noted;
  private long notedAt = System.nanoTime();

  private PartFile(Path path, Path part, Path notes, FileChannel channel, long begun) {
    this.path = path;
    this.part = part;
    this.notes = notes;
    this.channel = channel;
    this.begun = begun;
    this.written = begun;
    this.noted = begun;
  }

  /// Begins a file, or goes on with it.
  ///
  /// @param bytes that it will have
  /// @param what it will be: all that its content depends on, in a line
  /// @throws UserException if it can not be written, does not fit the disk, or is being written
  public static PartFile open(Path path, long bytes, String what) {
    Path target = OutputFile.target(path);
    Path part = target.resolveSibling(target.getFileName() + ".part");
    Path notes = target.resolveSibling(target.getFileName() + ".part.done");
    OutputFile.refuseOther(part);
    OutputFile.refuseOther(notes);
    try {
      FileChannel channel =
          FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        lock(path, channel);
        long done = Math.min(done(notes, what), channel.size());
        OutputFile.checkSpace(path, part, bytes - channel.size());
        channel.truncate(done);
        channel.position(done);
        if (done == 0) {
          Files.writeString(notes, what + "\n");
        }
        return new PartFile(target, part, notes, channel, done);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw OutputFile.unwritable(path, e);
    }
  }

  /// The lock ends with the process, however it ends.
  private static void lock(Path path, FileChannel channel) throws IOException {
    boolean locked;
    try {
      locked = channel.tryLock() != null;
    } catch (OverlappingFileLockException _) {
      locked = false;
    }
    if (!locked) {
      throw new UserException(
          "%s is being written by another process; wait for it".formatted(path));
    }
  }

  /// What was on the disk, if it is of the same file. A line that was not finished does not count.
  private static long done(Path notes, String what) throws IOException {
    if (!Files.exists(notes) || Files.size(notes) > MOST_NOTES) {
      return 0;
    }
    String text = new String(Files.readAllBytes(notes), UTF_8);
    if (!text.startsWith(what + "\n")) {
      return 0;
    }
    List<String> lines =
        text.substring(what.length() + 1, text.lastIndexOf('\n') + 1).lines().toList();
    return !lines.isEmpty() && lines.getLast().matches("\\d{1,18}")
        ? Long.parseLong(lines.getLast())
        : 0;
  }

  /// Bytes that were there already; the next ones come behind them.
  public long begun() {
    return begun;
  }

  /// Appends what remains in the buffer.
  public void write(ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        written += channel.write(bytes);
      }
      if (written - noted >= STEP_BYTES || System.nanoTime() - notedAt >= STEP_NANOS) {
        note();
      }
    } catch (IOException e) {
      throw OutputFile.unwritable(path, e);
    }
  }

  private void note() throws IOException {
    channel.force(false);
    Files.writeString(notes, written + "\n", StandardOpenOption.APPEND);
    noted = written;
    notedAt = System.nanoTime();
  }

  /// Gives the file its name.
  public void finish() {
    try {
      channel.force(false);
      channel.close();
      Files.move(part, path, StandardCopyOption.REPLACE_EXISTING);
      Files.deleteIfExists(notes);
    } catch (IOException e) {
      throw OutputFile.unwritable(path, e);
    }
  }

  /// Leaves the file for who goes on with it, unless it is finished.
  @Override
  public void close() {
    try {
      if (channel.isOpen()) {
        note();
        channel.close();
      }
    } catch (IOException e) {
      throw OutputFile.unwritable(path, e);
    }
  }
}
