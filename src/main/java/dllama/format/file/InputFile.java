package dllama.format.file;

import dllama.error.UserException;
import dllama.error.VisibleText;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// A file that is being read, and the one-line errors about it. Nothing in it is trusted.
public final class InputFile implements AutoCloseable {
  /// Characters, whatever names a file holds, so that what is to be done is never cut off.
  private static final int LONGEST_FAULT = 400;

  private final List<Path> paths;
  private final String called;
  private final Content content;
  private final long size;

  /// @param called how messages name it
  private InputFile(List<Path> paths, String called, Content content, long size) {
    this.paths = paths;
    this.called = called;
    this.content = content;
    this.size = size;
  }

  /// Where the bytes are.
  private sealed interface Content {
    int read(ByteBuffer buffer, long position) throws IOException;

    MemorySegment map(long size, Arena arena) throws IOException;

    void close() throws IOException;
  }

  private record OnDisk(FileChannel channel) implements Content {
    @Override
    public int read(ByteBuffer buffer, long position) throws IOException {
      return channel.read(buffer, position);
    }

    @Override
    public MemorySegment map(long size, Arena arena) throws IOException {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  private record InMemory(MemorySegment bytes) implements Content {
    @Override
    public int read(ByteBuffer buffer, long position) {
      int length = (int) Math.min(buffer.remaining(), bytes.byteSize() - position);
      buffer.put(bytes.asSlice(position, length).asByteBuffer());
      return length;
    }

    @Override
    public MemorySegment map(long size, Arena arena) {
      return bytes;
    }

    @Override
    public void close() {}
  }

  /// A file whose content is in memory already.
  ///
  /// @param name for messages
  public static InputFile of(byte[] content, String name) {
    MemorySegment bytes = MemorySegment.ofArray(content).asReadOnly();
    return new InputFile(List.of(), "the " + name, new InMemory(bytes), content.length);
  }

  /// Opens a regular file; others (a pipe, a device) could block or never end.
  ///
  /// @param kind what the file should be, for messages: "model", "tokenizer"
  public static InputFile open(Path path, String kind) {
    if (Files.isDirectory(path)) {
      throw new UserException(
          "%s is a folder, not a %s file; name the file in it".formatted(path, kind));
    }
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new UserException("%s is not a regular file; name a %s file".formatted(path, kind));
    }
    String called = "%s file %s".formatted(kind, path);
    try {
      FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
      return new InputFile(List.of(path), called, new OnDisk(channel), channel.size());
    } catch (NoSuchFileException e) {
      throw new UserException(called + " does not exist; check the path", e);
    } catch (IOException e) {
      throw unreadable(called, e);
    }
  }

  /// Where it is; nowhere, if it is in memory.
  public List<Path> paths() {
    return paths;
  }

  /// Bytes of it.
  public long size() {
    return size;
  }

  /// Up to `length` bytes from `position`, fewer where the file ends; little-endian.
  public ByteBuffer read(long position, int length) {
    int available = Math.clamp(size - position, 0, length);
    ByteBuffer buffer = ByteBuffer.allocate(available).order(ByteOrder.LITTLE_ENDIAN);
    try {
      while (buffer.hasRemaining()) {
        if (content.read(buffer, position + buffer.position()) < 0) {
          throw damaged("it was shortened while it was read");
        }
      }
    } catch (IOException e) {
      throw unreadable(called, e);
    }
    return buffer.flip();
  }

  /// Bytes `[from, to)`, read as they are asked for; a failure is a [UserException].
  public InputStream stream(long from, long to) {
    return new InputStream() {
      private long at = from;

      @Override
      public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) {
        if (at == to) {
          return -1;
        }
        ByteBuffer next = InputFile.this.read(at, (int) Math.min(length, to - at));
        int count = next.remaining();
        next.get(bytes, offset, count);
        at += count;
        return count == 0 && length > 0 ? -1 : count;
      }
    };
  }

  /// Maps the whole file.
  public MemorySegment map(Arena arena) {
    try {
      return content.map(size, arena);
    } catch (IOException e) {
      throw unreadable(called, e);
    }
  }

  /// The content contradicts itself.
  public UserException damaged(String what) {
    return refused(what, "the file is damaged or incomplete: copy or convert it again");
  }

  /// The content is not what is wanted, and what to do about it.
  public UserException refused(String what, String remedy) {
    return new UserException(
        "%s: %s; %s".formatted(called, VisibleText.line(what, LONGEST_FAULT), remedy));
  }

  private static UserException unreadable(String called, IOException e) {
    return new UserException(
        "%s can not be read (%s); check its permissions and the disk"
            .formatted(called, UserException.reason(e)),
        e);
  }

  @Override
  public void close() {
    try {
      content.close();
    } catch (IOException e) {
      throw unreadable(called, e);
    }
  }
}
