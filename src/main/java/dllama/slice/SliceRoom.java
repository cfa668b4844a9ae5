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

  /// What was used within this time is worth more than what may be used one day.
  private static final Duration LATELY = Duration.ofDays(1);

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
    Content now = content();
    if (bytes > now.most) {
      throw new IOException(
          "%d MiB are more than the limit of %d MiB".formatted(bytes >> 20, now.most >> 20));
    }
    free(now, now.slices, bytes);
  }

  /// The same for what may never be used: it takes the place of nothing that was used lately.
  ///
  /// @return whether there is room; if not, nothing was deleted
  boolean makeForSpare(long bytes) {
    Content now = content();
    Instant lately = Instant.now().minus(LATELY);
    List<KeptFile> old =
        now.slices.stream().filter(kept -> kept.used().toInstant().isBefore(lately)).toList();
    if (now.used - old.stream().mapToLong(KeptFile::bytes).sum() + bytes > now.most) {
      return false;
    }
    free(now, old, bytes);
    return true;
  }

  /// @param slices the one used longest ago first
  /// @param used bytes that all takes, also what is being written
  /// @param most bytes that it may take
  private record Content(List<KeptFile> slices, long used, long most) {}

  private Content content() {
    List<KeptFile> slices = new ArrayList<>(folder.slices());
    slices.sort(Comparator.comparing(KeptFile::used));
    long used =
        slices.stream().mapToLong(KeptFile::bytes).sum()
            + folder.unfinished().stream().mapToLong(KeptFile::bytes).sum();
    long free = folder.path().toFile().getUsableSpace();
    return new Content(slices, used, limit.orElse((used + free) / 2));
  }

  private static void free(Content now, List<KeptFile> from, long bytes) {
    long used = now.used;
    for (KeptFile oldest : from) {
      if (used + bytes <= now.most) {
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
