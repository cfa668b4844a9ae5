package dllama.slice;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/// The files of a [SliceCache]: slices and notes, each named by a key, and those that are being
/// written, which have names that nobody else takes. A file gets its own when it is complete, in
/// one step. Thread-safe.
record SliceFolder(Path path) {
  private static final String SLICE = ".slice";
  private static final String UNFINISHED = ".unfinished";
  private static final String NOTE = ".note";
  private static final String KEY = "[0-9a-f]{%d}".formatted(SliceFile.KEY_LENGTH);

  /// Where a slice is, if it is there.
  Path slice(String key) {
    return file(key, SLICE);
  }

  /// Where a note is, if it is there.
  Path note(String key) {
    return file(key, NOTE);
  }

  private Path file(String key, String suffix) {
    if (!key.matches(KEY)) {
      throw new IllegalArgumentException("key=" + key);
    }
    return path.resolve(key + suffix);
  }

  /// Slices; other files that someone put there are left alone.
  List<KeptFile> slices() {
    return KeptFile.in(path, SLICE).stream().filter(kept -> kept.name().matches(KEY)).toList();
  }

  /// What is being written, or was by a process that died.
  List<KeptFile> unfinished() {
    return KeptFile.in(path, UNFINISHED);
  }

  /// Where to write what gets another name when it is complete.
  Path newUnfinished() {
    return path.resolve(UUID.randomUUID() + UNFINISHED);
  }

  /// Gives a file that is complete its name.
  static void finish(Path unfinished, Path file) throws IOException {
    Files.move(unfinished, file, ATOMIC_MOVE, REPLACE_EXISTING);
  }
}
