package dllama.hub;

import dllama.error.UserException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/// Compares a file with what the hub says that its parts are.
final class Checksum {
  private static final int BUFFER = 1 << 20;

  /// Does away with a file that is wrong.
  interface Removal {
    void run() throws IOException;
  }

  private Checksum() {}

  /// @param sources whose bytes are in the file, one after the other
  /// @param remove called if they are not
  /// @throws UserException then, too
  static void verify(Path file, List<Source> sources, Removal remove) throws IOException {
    long offset = 0;
    for (Source source : sources) {
      if (source.sha256().isPresent()) {
        String found = sha256(file, offset, source.size());
        if (!found.equals(source.sha256().get())) {
          remove.run();
          throw new UserException(
              "%s arrived damaged and was removed: SHA-256 is %s, but should be %s; fetch it again"
                  .formatted(Web.shown(source.uri()), found, source.sha256().get()));
        }
      }
      offset += source.size();
    }
  }

  private static String sha256(Path file, long from, long bytes) throws IOException {
    MessageDigest digest = digest();
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    try (FileChannel channel = FileChannel.open(file)) {
      long left = bytes;
      while (left > 0) {
        buffer.clear().limit((int) Math.min(BUFFER, left));
        int n = channel.read(buffer, from + bytes - left);
        if (n < 0) {
          break;
        }
        digest.update(buffer.flip());
        left -= n;
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
