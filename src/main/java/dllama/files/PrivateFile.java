package dllama.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// New files that nobody but their owner may read, where the file system knows such a thing.
public final class PrivateFile {
  private static final Set<PosixFilePermission> OWNER =
      PosixFilePermissions.fromString("rw-------");
  private static final Set<StandardOpenOption> NEW =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

  private PrivateFile() {}

  /// Whether the file system of a path knows who may do what with a file.
  public static boolean isPossible(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }

  /// Makes a file and opens it for writing.
  ///
  /// @throws java.nio.file.FileAlreadyExistsException if there is one
  public static FileChannel create(Path file) throws IOException {
    return isPossible(file)
        ? FileChannel.open(file, NEW, PosixFilePermissions.asFileAttribute(OWNER))
        : FileChannel.open(file, NEW);
  }
}
