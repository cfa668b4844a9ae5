package dllama.slice;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How much room the slices in a cache folder take: the one used longest ago goes first, and what a
/// process that died was writing goes, which is known by the lock that it holds no more.
final class SliceRoom {
  private static final Logger LOG = LoggerFactory.getLogger(SliceRoom.class);

  /// Between the making of a file and its lock a process may stand still for a while.
  private static final Duration LOCKED_BY_NOW = Duration.ofMinutes(1);

  private final SliceFolder folder;
  private final OptionalLong limit;

  /// @param limit bytes of all slices; empty: half of what they take and what is free on that disk
  SliceRoom(SliceFolder folder, OptionalLong limit) {
    this.folder = folder;
    this.limit = limit;
  }

  /// Tells other processes that the file is not left behind; null where locks do not work, and
  /// nobody can tell either.
  static @Nullable FileLock lock(FileChannel file) {
    try {
      return file.tryLock();
    } catch (IOException e) {
      return null;
    }
  }

  /// Deletes what was used longest ago until `bytes` more are within the limit.
  void makeFor(long bytes) throws IOException {
    List<KeptFile> slices = new ArrayList<>(folder.slices());
    slices.sort(Comparator.comparing(KeptFile::used));
    long used =
        slices.stream().mapToLong(KeptFile::bytes).sum()
            + folder.unfinished().stream().mapToLong(KeptFile::bytes).sum();
    long free = folder.path().toFile().getUsableSpace();
    long most = limit.orElse((used + free) / 2);
    if (bytes > most) {
      throw new IOException(
          "%d MiB are more than the limit of %d MiB".formatted(bytes >> 20, most >> 20));
    }
    for (KeptFile oldest : slices) {
      if (used + bytes <= most) {
        break;
      }
      oldest.delete();
      used -= oldest.bytes();
    }
  }

  /// Deletes what processes that died were writing.
  void removeLeftBehind() {
    Instant young = Instant.now().minus(LOCKED_BY_NOW);
    for (KeptFile kept : folder.unfinished()) {
      if (kept.used().toInstant().isBefore(young) && !isLocked(kept.file())) {
        LOG.info("{} was left behind", kept.file());
        kept.delete();
      }
    }
  }

  private static boolean isLocked(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      return lock == null;
    } catch (OverlappingFileLockException ours) {
      return true;
    } catch (IOException e) {
      return true; // gone, or a file system without locks
    }
  }
}
