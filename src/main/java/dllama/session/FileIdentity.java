package dllama.session;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;

/// What tells, without reading it, that a file is the one it was, as `make` and `git` do it: its
/// place, size, time of change and number on the disk; on Unix the time of change of its inode as
/// well, which nobody can set back.
///
/// @param text all of that
/// @param changed the latest of the times
record FileIdentity(String text, Instant changed) {
  /// Clocks of file systems are as coarse as 2 s: a file changed just now may change again unseen.
  private static final Duration SETTLED = Duration.ofSeconds(3);

  static FileIdentity of(Path path) throws IOException {
    Path real = path.toRealPath();
    BasicFileAttributes basic = Files.readAttributes(real, BasicFileAttributes.class);
    Instant changed = basic.lastModifiedTime().toInstant();
    String inode = "";
    if (real.getFileSystem().supportedFileAttributeViews().contains("unix")
        && Files.getAttribute(real, "unix:ctime", LinkOption.NOFOLLOW_LINKS)
            instanceof FileTime time) {
      inode = time.toInstant().toString();
      changed = changed.isAfter(time.toInstant()) ? changed : time.toInstant();
    }
    String text =
        String.join(
            "\n",
            real.toString(),
            String.valueOf(basic.size()),
            basic.lastModifiedTime().toInstant().toString(),
            String.valueOf(basic.fileKey()),
            inode);
    return new FileIdentity(text, changed);
  }

  /// Whether the file has been left alone for long enough to be known again by its times.
  boolean isSettled() {
    return changed.isBefore(Instant.now().minus(SETTLED));
  }
}
