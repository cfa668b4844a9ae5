package dllama.format;

import dllama.error.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// A file that is being written: under another name until it is complete, so that nobody takes half
/// a file for a whole one. Closed without [#finish], it leaves nothing behind; neither does a
/// process that is interrupted.
final class OutputFile implements AutoCloseable {
  private final Path path;
  private final Path part;
  private final FileChannel channel;
  private boolean finished;

  private OutputFile(Path path, Path part, FileChannel channel) {
    this.path = path;
    this.part = part;
    this.channel = channel;
  }

  /// Begins a file that will have `bytes` bytes; an existing one is replaced when it is finished.
  static OutputFile create(Path path, long bytes) {
    Path target = path.toAbsolutePath();
    Path name = target.getFileName();
    if (name == null || Files.isDirectory(target)) {
      throw new UserException("%s is a folder; name a file in it".formatted(path));
    }
    Path part = target.resolveSibling(name + ".part");
    try {
      FileChannel channel =
          FileChannel.open(
              part,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.TRUNCATE_EXISTING);
      part.toFile().deleteOnExit();
      OutputFile file = new OutputFile(path, part, channel);
      long free = Files.getFileStore(part).getUsableSpace();
      if (free < bytes) {
        file.close();
        throw new UserException(
            "%s needs %,d bytes, but only %,d are free there; choose another disk"
                .formatted(path, bytes, free));
      }
      return file;
    } catch (IOException e) {
      throw unwritable(path, e);
    }
  }

  /// Appends what remains in the buffer.
  void write(ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw unwritable(path, e);
    }
  }

  /// Gives the file its name.
  void finish() {
    try {
      channel.close();
      Files.move(part, path, StandardCopyOption.REPLACE_EXISTING);
      finished = true;
    } catch (IOException e) {
      throw unwritable(path, e);
    }
  }

  private static UserException unwritable(Path path, IOException e) {
    return new UserException(
        "%s can not be written (%s); check the folder, its permissions and the disk"
            .formatted(path, UserException.reason(e)),
        e);
  }

  @Override
  public void close() {
    if (finished) {
      return;
    }
    try {
      channel.close();
      Files.deleteIfExists(part);
    } catch (IOException e) {
      throw unwritable(path, e);
    }
  }
}
