package dllama.format;

import dllama.error.UserException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A file that is being read, and the one-line errors about it. Nothing in it is trusted.
final class InputFile implements AutoCloseable {
  private final Path path;
  private final String kind;
  private final FileChannel channel;
  private final long size;

  private InputFile(Path path, String kind, FileChannel channel, long size) {
    this.path = path;
    this.kind = kind;
    this.channel = channel;
    this.size = size;
  }

  /// Opens a regular file; others (a pipe, a device) could block or never end.
  ///
  /// @param kind what the file should be, for messages: "model", "tokenizer"
  static InputFile open(Path path, String kind) {
    if (Files.isDirectory(path)) {
      throw new UserException(
          "%s is a folder, not a %s file; name the file in it".formatted(path, kind));
    }
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new UserException("%s is not a regular file; name a %s file".formatted(path, kind));
    }
    try {
      FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
      return new InputFile(path, kind, channel, channel.size());
    } catch (NoSuchFileException e) {
      throw new UserException("%s file %s does not exist; check the path".formatted(kind, path), e);
    } catch (IOException e) {
      throw unreadable(path, kind, e);
    }
  }

  Path path() {
    return path;
  }

  long size() {
    return size;
  }

  /// Up to `length` bytes from `position`, fewer where the file ends; little-endian.
  ByteBuffer read(long position, int length) {
    int available = Math.clamp(size - position, 0, length);
    ByteBuffer buffer = ByteBuffer.allocate(available).order(ByteOrder.LITTLE_ENDIAN);
    try {
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, position + buffer.position()) < 0) {
          throw damaged("it was shortened while it was read");
        }
      }
    } catch (IOException e) {
      throw unreadable(path, kind, e);
    }
    return buffer.flip();
  }

  /// Maps the whole file.
  MemorySegment map(Arena arena) {
    try {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
    } catch (IOException e) {
      throw unreadable(path, kind, e);
    }
  }

  /// The content contradicts itself.
  UserException damaged(String what) {
    return refused(what, "the file is damaged or incomplete: copy or convert it again");
  }

  UserException refused(String what, String remedy) {
    return new UserException("%s file %s: %s; %s".formatted(kind, path, what, remedy));
  }

  private static UserException unreadable(Path path, String kind, IOException e) {
    return new UserException(
        "%s file %s can not be read (%s); check its permissions and the disk"
            .formatted(kind, path, e instanceof AccessDeniedException ? "permission denied" : e),
        e);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw unreadable(path, kind, e);
    }
  }
}
