package dllama.files;

import dllama.error.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Folders that nobody but their owner may look into, where the file system knows such a thing.
public final class PrivateFolder {
  private static final Set<PosixFilePermission> OWNER =
      PosixFilePermissions.fromString("rwx------");

  private PrivateFolder() {}

  /// Makes a folder, and those above it, unless it is there; one that is there stays as it is.
  ///
  /// @throws UserException if that can not be
  public static void make(@Nullable Path folder) {
    if (folder == null || Files.isDirectory(folder)) {
      return;
    }
    try {
      create(folder);
    } catch (IOException e) {
      throw new UserException(
          "the folder %s can not be made (%s); check its permissions"
              .formatted(folder, UserException.reason(e)),
          e);
    }
  }

  /// The same for callers who go on without it.
  public static void create(Path folder) throws IOException {
    boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
    FileAttribute<?>[] attributes =
        posix
            ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER)}
            : new FileAttribute<?>[0];
    Files.createDirectories(folder, attributes);
  }
}
