package dllama.slice;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A file of a [SliceCache] as it was found. Other processes may delete it at any time, so what can
/// not be done with it is not an error.
///
/// @param name without the suffix
/// @param used when it was last used, which is its time of change
record KeptFile(Path file, String name, long bytes, FileTime used) {
  private static final Logger LOG = LoggerFactory.getLogger(KeptFile.class);

  /// All with that suffix.
  static List<KeptFile> in(Path folder, String suffix) {
    List<KeptFile> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + suffix)) {
      for (Path file : files) {
        of(file, suffix).ifPresent(found::add);
      }
    } catch (IOException | DirectoryIteratorException e) {
      LOG.info("{} can not be listed: {}", folder, e.toString());
    }
    return found;
  }

  private static Optional<KeptFile> of(Path file, String suffix) {
    String full = String.valueOf(file.getFileName());
    String name = full.substring(0, full.length() - suffix.length());
    try {
      FileTime used = Files.getLastModifiedTime(file);
      return Optional.of(new KeptFile(file, name, Files.size(file), used));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  void delete() {
    delete(file);
  }

  static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.debug("{} can not be deleted: {}", file, e.toString());
    }
  }

  /// The file is used now.
  static void touch(Path file) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (IOException e) {
      LOG.debug("{} is gone or read-only: {}", file, e.toString());
    }
  }
}
