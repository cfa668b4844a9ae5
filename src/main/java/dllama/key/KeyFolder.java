package dllama.key;

import java.nio.file.Path;
import java.util.Map;

/// Where the cluster key of a user lies who does not say where, by the custom of the operating
/// system. Not where caches are: they may be deleted at any time.
public final class KeyFolder {
  private static final String NAME = "dllama-akka";
  private static final String FILE = "cluster.key";

  private KeyFolder() {}

  /// The file of a user.
  public static Path file(String os, Path home, Map<String, String> environment) {
    return folder(os, home, environment).resolve(NAME).resolve(FILE);
  }

  private static Path folder(String os, Path home, Map<String, String> environment) {
    String xdg = environment.getOrDefault("XDG_CONFIG_HOME", "");
    if (!xdg.isEmpty()) {
      return Path.of(xdg);
    }
    if (os.startsWith("Windows")) {
      String roaming = environment.getOrDefault("APPDATA", "");
      return roaming.isEmpty() ? home.resolve("AppData").resolve("Roaming") : Path.of(roaming);
    }
    return os.startsWith("Mac")
        ? home.resolve("Library").resolve("Application Support")
        : home.resolve(".config");
  }
}
