package dllama.files;

import dllama.error.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;

/// A file that is being written: under another name until it is complete, so that nobody takes half
/// a file for a whole one. Only regular files are replaced; a symbolic link stays, and what it
/// points to is replaced. Closed without [#finish], it leaves nothing behind; neither does a
/// process that is interrupted.
public final class OutputFile implements AutoCloseable {
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rw-------");

  /// As many as systems follow.
  private static final int MOST_LINKS = 40;

  private final Path path;
  private final Path part;
  private final FileChannel channel;
  private boolean finished;

  private OutputFile(Path path, Path part, FileChannel channel) {
    this.path = path;
    this.part = part;
    this.channel = channel;
  }

  /// Whether a file can be written, as far as that can be said without doing it.
  ///
  /// @throws UserException if not
  public static void check(Path path) {
    Path target = target(path);
    if (!Files.isDirectory(folder(target))) {
      throw new UserException(
          "%s can not be written: there is no folder %s".formatted(path, folder(target)));
    }
    if (!Files.isWritable(Files.exists(target) ? target : folder(target))) {
      throw new UserException("%s can not be written; check its permissions".formatted(path));
    }
  }

  /// Begins a file that will have `bytes` bytes; an existing one is replaced when it is finished.
  ///
  /// @throws UserException if it can not be written
  public static OutputFile create(Path path, long bytes) {
    return create(path, bytes, Set.of());
  }

  /// The same for what nobody but its owner may read, where the file system knows such a thing.
  ///
  /// @throws UserException if it can not be written
  public static OutputFile createPrivate(Path path, long bytes) {
    return create(path, bytes, PRIVATE);
  }

  private static OutputFile create(Path path, long bytes, Set<PosixFilePermission> permissions) {
    Path target = target(path);
    Path part = target.resolveSibling(target.getFileName() + ".part");
    refuseOther(part);
    try {
      FileChannel channel = open(part, permissions);
      part.toFile().deleteOnExit();
      OutputFile file = new OutputFile(target, part, channel);
      try {
        checkSpace(path, part, bytes);
      } catch (UserException e) {
        file.close();
        throw e;
      }
      return file;
    } catch (IOException e) {
      throw unwritable(path, e);
    }
  }

  private static FileChannel open(Path part, Set<PosixFilePermission> permissions)
      throws IOException {
    Set<OpenOption> options =
        Set.of(
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING);
    if (permissions.isEmpty() || !PrivateFile.isPossible(part)) {
      return FileChannel.open(part, options);
    }
    Files.deleteIfExists(part); // one that was left behind has permissions of its own
    return FileChannel.open(part, options, PosixFilePermissions.asFileAttribute(permissions));
  }

  /// @param part where the bytes will be
  /// @throws UserException if there is no room for so many
  static void checkSpace(Path path, Path part, long bytes) {
    long free = part.toFile().getUsableSpace();
    if (free < bytes) {
      throw new UserException(
          "%s needs %s, but only %s are free there; choose another disk"
              .formatted(path, ByteSize.text(bytes), ByteSize.text(free)));
    }
  }

  /// Where the bytes go: through symbolic links, which may point to nothing yet.
  static Path target(Path path) {
    Path target = path.toAbsolutePath();
    try {
      for (int links = 0; Files.isSymbolicLink(target); links++) {
        if (links == MOST_LINKS) {
          throw new UserException("%s is a link that points to itself".formatted(path));
        }
        target = target.resolveSibling(Files.readSymbolicLink(target));
      }
    } catch (IOException e) {
      throw unwritable(path, e);
    }
    if (target.getFileName() == null || Files.isDirectory(target)) {
      throw new UserException("%s is a folder; name a file in it".formatted(path));
    }
    refuseOther(target);
    return target;
  }

  /// Not a device, a pipe or a socket, which would be replaced or block.
  static void refuseOther(Path path) {
    if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)
        && !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new UserException(
          "%s is not a regular file and is left as it is; choose another name".formatted(path));
    }
  }

  private static Path folder(Path target) {
    return Objects.requireNonNull(target.getParent());
  }

  /// Appends what remains in the buffer.
  public void write(ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw unwritable(path, e);
    }
  }

  /// Gives the file its name.
  public void finish() {
    try {
      channel.close();
      Files.move(part, path, StandardCopyOption.REPLACE_EXISTING);
      finished = true;
    } catch (IOException e) {
      throw unwritable(path, e);
    }
  }

  static UserException unwritable(Path path, IOException e) {
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
