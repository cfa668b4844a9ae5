package dllama.files;

import dllama.error.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// What may be read of the files that users name. A pipe or a device could block, or never end, so
/// only regular files are read; links to them count.
public final class RegularFile {
  /// More than any prompt, configuration or template has.
  private static final int MAX_TEXT_BYTES = 64 << 20;

  private RegularFile() {}

  /// Checks that a file can be read whole.
  ///
  /// @param kind what the file should be, for messages, such as "--config"
  /// @throws UserException if it is not there, or no regular file
  public static void check(Path path, String kind) {
    if (Files.isDirectory(path)) {
      throw new UserException("%s %s is a folder; name a file in it".formatted(kind, path));
    }
    if (!Files.exists(path)) {
      throw new UserException("%s %s does not exist; check the path".formatted(kind, path));
    }
    if (!Files.isRegularFile(path)) {
      throw new UserException(
          "%s %s is not a regular file (a pipe or a device?); name a file".formatted(kind, path));
    }
    if (!Files.isReadable(path)) {
      throw new UserException("%s %s can not be read; check its permissions".formatted(kind, path));
    }
  }

  /// The text of a whole file.
  ///
  /// @throws UserException if it is no regular file, too large for a text, or not UTF-8
  public static String text(Path path, String kind) {
    check(path, kind);
    try (InputStream in = Files.newInputStream(path)) {
      return text(in, kind + " " + path);
    } catch (IOException e) {
      throw new UserException(
          "can not read %s %s: %s".formatted(kind, path, UserException.reason(e)), e);
    }
  }

  /// The text of a stream up to its end.
  ///
  /// @param called how messages name it
  /// @throws UserException if it is too large for a text, or not UTF-8
  public static String text(InputStream in, String called) throws IOException {
    byte[] bytes = in.readNBytes(MAX_TEXT_BYTES + 1);
    if (bytes.length > MAX_TEXT_BYTES) {
      throw new UserException(
          "%s is larger than %s".formatted(called, ByteSize.text(MAX_TEXT_BYTES)));
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new UserException(called + " is not UTF-8 text", e);
    }
  }
}
