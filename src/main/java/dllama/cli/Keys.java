package dllama.cli;

import dllama.error.UserException;
import dllama.key.ClusterKey;
import dllama.key.KeyFile;
import dllama.key.KeyFolder;
import dllama.key.KeySource;
import dllama.key.NodeKeys;
import dllama.settings.ClusterSettings;
import dllama.settings.HostAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;

/// Where a node has its cluster key from, as the settings say.
final class Keys {
  /// More than any code has.
  private static final int MAX_LINE = 200;

  private final ClusterSettings.Key settings;
  private final Path file;

  Keys(ClusterSettings.Key settings) {
    this.settings = settings;
    file =
        settings
            .file()
            .orElseGet(
                () ->
                    KeyFolder.file(
                        System.getProperty("os.name"),
                        Path.of(System.getProperty("user.home")),
                        System.getenv()));
  }

  /// The file that is meant, whether it is there or not.
  Path file() {
    return file;
  }

  /// Those of a root. Where other computers reach it, and there is no key, it makes one.
  ///
  /// @param shown whether a new key is shown on a terminal, and not kept in some log
  static NodeKeys ofRoot(ClusterSettings cluster, Consumer<String> note, boolean shown) {
    Keys keys = new Keys(cluster.key());
    keys.join(note);
    boolean alone = cluster.nodes().equals(Optional.of(1));
    boolean reached = !alone && !HostAddress.ofRoot(cluster.host()).isLoopbackAddress();
    Optional<ClusterKey> fresh = Optional.empty();
    if (reached && !cluster.key().insecure() && !keys.isThere()) {
      ClusterKey made = ClusterKey.random();
      KeyFile.write(keys.file, made);
      note.accept("a new cluster key is in %s".formatted(keys.file));
      fresh = Optional.of(made).filter(_ -> shown);
    }
    return keys.toNodeKeys(reached, fresh, note);
  }

  /// Those of a worker.
  static NodeKeys ofWorker(ClusterSettings cluster, Consumer<String> note) {
    Keys keys = new Keys(cluster.key());
    keys.join(note);
    return keys.toNodeKeys(true, Optional.empty(), note);
  }

  private boolean isThere() {
    return settings.key().isPresent() || settings.file().isPresent() || Files.exists(file);
  }

  private NodeKeys toNodeKeys(boolean reached, Optional<ClusterKey> fresh, Consumer<String> note) {
    if (settings.insecure()) {
      if (reached) {
        note.accept(
            "--insecure: whoever reaches this node can take part, read along what is asked and answered, and change it; trusted networks only");
      }
      return new NodeKeys(Optional.empty(), false, Optional.empty(), true);
    }
    Optional<KeySource> source =
        settings
            .key()
            .map(KeySource::of)
            .or(() -> isThere() ? Optional.of(KeySource.of(file)) : Optional.empty());
    boolean given = settings.key().isPresent() || settings.file().isPresent();
    return new NodeKeys(source, given, fresh, false);
  }

  /// The key that the user was given.
  Optional<ClusterKey> joined() {
    return settings.join().map(code -> ClusterKey.parse(code.equals("-") ? line() : code));
  }

  /// Keeps the key that the user was given, if it is not there yet.
  ///
  /// @return whether there was one
  boolean join(Consumer<String> note) {
    Optional<ClusterKey> joined = joined();
    if (joined.isEmpty()) {
      return false;
    }
    ClusterKey key = joined.get();
    boolean other = Files.exists(file);
    if (other && KeyFile.read(file).contains(key)) {
      return true;
    }
    KeyFile.write(file, key);
    note.accept(
        "the cluster key is kept in %s%s"
            .formatted(file, other ? ", in place of another one" : ""));
    return true;
  }

  private static String line() {
    try {
      byte[] bytes = new byte[MAX_LINE];
      int count = 0;
      for (int c = System.in.read(); c >= 0 && c != '\n'; c = System.in.read()) {
        if (count == MAX_LINE) {
          throw new UserException("standard input holds no code of a cluster key");
        }
        bytes[count++] = (byte) c;
      }
      return new String(bytes, 0, count, StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new UserException("can not read standard input: " + UserException.reason(e), e);
    }
  }
}
