package dllama.files;

import dllama.error.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
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
      throw refused(folder, e);
    }
  }

  private static UserException refused(Path folder, IOException e) {
    return new UserException(
        "the folder %s can not be made (%s); check its permissions"
            .formatted(folder, UserException.reason(e)),
        e);
  }

  /// As [#make], but others may look into one that is there no longer.
  ///
  /// @throws UserException if that can not be
  public static void close(Path folder) {
    make(folder);
    try {
      if (PrivateFile.isPossible(folder)
          && !Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS).equals(OWNER)) {
        Files.setPosixFilePermissions(folder, OWNER);
      }
    } catch (IOException e) {
      throw refused(folder, e);
    }
  }

  /// As [#make], for callers who go on without it.
  public static void create(Path folder) throws IOException {
    FileAttribute<?>[] attributes =
        PrivateFile.isPossible(folder)
            ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNER)}
            : new FileAttribute<?>[0];
    Files.createDirectories(folder, attributes);
  }
}
