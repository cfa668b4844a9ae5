package dllama.key;

import dllama.error.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where a node has its keys from: a file, which may change while it runs, or what it was given.
/// Any thread.
public final class KeySource {
  private static final Logger log = LoggerFactory.getLogger(KeySource.class);

  private final Optional<Path> file;
  private List<ClusterKey> keys;
  private String state;

  private KeySource(Optional<Path> file, List<ClusterKey> keys, String state) {
    this.file = file;
    this.keys = keys;
    this.state = state;
  }

  /// Those in a file.
  ///
  /// @throws UserException if it can not be read, or holds no keys
  public static KeySource of(Path file) {
    String state = state(file);
    return new KeySource(Optional.of(file), KeyFile.read(file), state);
  }

  /// One that does not change.
  public static KeySource of(ClusterKey key) {
    return new KeySource(Optional.empty(), List.of(key), "");
  }

  /// The one to show first.
  public synchronized List<ClusterKey> keys() {
    return keys;
  }

  /// Looks whether there are others by now. What can not be read changes nothing, and is said once.
  ///
  /// @return whether there are
  public synchronized boolean refresh() {
    if (file.isEmpty() || state(file.get()).equals(state)) {
      return false;
    }
    List<ClusterKey> before = keys;
    state = state(file.get());
    try {
      keys = KeyFile.read(file.get());
    } catch (UserException e) {
      log.warn("{}; the cluster keys stay as they were", e.getMessage());
    }
    return !keys.equals(before);
  }

  private static String state(Path file) {
    try {
      var attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return "%s %d %s"
          .formatted(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
    } catch (IOException e) {
      return "none";
    }
  }
}
