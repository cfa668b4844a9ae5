package dllama.slice;

import static java.nio.charset.StandardCharsets.UTF_8;

import dllama.error.UserException;
import dllama.files.PrivateFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/// Short texts in a cache folder, by what they are about, such as fingerprints of model files.
/// Thread-safe.
final class SliceNotes {
  /// Nothing longer is read.
  private static final int MAX_BYTES = 1024;

  private final SliceFolder folder;
  private final Consumer<String> complaint;

  /// @param complaint is told why something could not be noted
  SliceNotes(SliceFolder folder, Consumer<String> complaint) {
    this.folder = folder;
    this.complaint = complaint;
  }

  /// What was noted for `what`.
  Optional<String> noted(String what) {
    Path file = folder.note(Digest.of(what));
    try (var in = Files.newInputStream(file)) {
      String text = new String(in.readNBytes(MAX_BYTES), UTF_8);
      KeptFile.touch(file);
      return Optional.of(text);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /// Notes `text`, of at most 1024 bytes, for `what`.
  void note(String what, String text) {
    Path unfinished = folder.newUnfinished();
    try {
      try (FileChannel channel = PrivateFile.create(unfinished)) {
        ByteBuffer bytes = UTF_8.encode(text);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
      }
      SliceFolder.finish(unfinished, folder.note(Digest.of(what)));
    } catch (IOException e) {
      KeptFile.delete(unfinished);
      complaint.accept(UserException.reason(e));
    }
  }
}
