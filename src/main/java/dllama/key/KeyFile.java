package dllama.key;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dllama.error.UserException;
import dllama.files.OutputFile;
import dllama.files.PrivateFile;
import dllama.files.PrivateFolder;
import dllama.files.RegularFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A file with the cluster key, which nobody but its owner may read: a code per line, at most two.
/// The first is the one that this node shows, the second one that it takes from others, too, while
/// a key is being changed for another. Lines that begin with # say what the owner wants.
public final class KeyFile {
  private static final int MOST = 2;
  private static final int MAX_BYTES = 4096;
  private static final String OPTION = "--cluster-key";
  private static final Set<PosixFilePermission> OF_OTHERS =
      Set.of(
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_WRITE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_WRITE);

  private KeyFile() {}

  /// The keys in a file, the one to show first.
  ///
  /// @throws UserException if it can not be read, others may read it, or it holds something else
  public static List<ClusterKey> read(Path file) {
    RegularFile.check(file, OPTION);
    refuseOpen(file);
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new UserException("%s %s is too large for a file of keys".formatted(OPTION, file));
      }
    } catch (IOException e) {
      throw new UserException(
          "can not read %s %s: %s".formatted(OPTION, file, UserException.reason(e)), e);
    }
    List<ClusterKey> keys =
        RegularFile.text(file, OPTION)
            .lines()
            .filter(line -> !line.isBlank() && !line.startsWith("#"))
            .map(line -> parse(file, line))
            .toList();
    if (keys.isEmpty() || keys.size() > MOST) {
      throw new UserException(
          "%s %s holds %d keys; it needs one, or two while a key is being changed"
              .formatted(OPTION, file, keys.size()));
    }
    return keys;
  }

  private static ClusterKey parse(Path file, String line) {
    try {
      return ClusterKey.parse(line);
    } catch (UserException e) {
      throw new UserException("%s %s: %s".formatted(OPTION, file, e.getMessage()), e);
    }
  }

  private static void refuseOpen(Path file) {
    if (!PrivateFile.isPossible(file)) {
      return;
    }
    try {
      Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
      if (permissions.stream().anyMatch(OF_OTHERS::contains)) {
        throw new UserException(
            "%s %s can be read or changed by others than its owner; chmod 600 %s"
                .formatted(OPTION, file, file));
      }
    } catch (IOException e) {
      throw new UserException(
          "can not read %s %s: %s".formatted(OPTION, file, UserException.reason(e)), e);
    }
  }

  /// Writes keys into a file of mode 0600, in place of those that are there, and makes its folder.
  ///
  /// @throws UserException if that can not be
  public static void write(Path file, ClusterKey... keys) {
    PrivateFolder.make(file.toAbsolutePath().getParent());
    String text = Stream.of(keys).map(key -> key.code() + "\n").collect(Collectors.joining());
    ByteBuffer bytes = US_ASCII.encode(text);
    try (OutputFile out = OutputFile.createPrivate(file, bytes.remaining())) {
      out.write(bytes);
      out.finish();
    }
  }
}
