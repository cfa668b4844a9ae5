package dllama.cli;

import dllama.settings.ClusterSettings.Cache;
import dllama.slice.SliceCache;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/// Where packed slices are kept between starts, by the custom of the operating system.
final class CacheFolder {
  private static final String NAME = "dllama-akka";
  private static final String SLICES = "slices";

  private CacheFolder() {}

  /// The cache as the settings want it.
  ///
  /// @param note is told in one line if slices can not be kept
  static SliceCache open(Cache settings, Consumer<String> note) {
    if (!settings.on()) {
      return SliceCache.off();
    }
    Path folder =
        settings
            .folder()
            .orElseGet(
                () ->
                    of(
                        System.getProperty("os.name"),
                        Path.of(System.getProperty("user.home")),
                        System.getenv()));
    return SliceCache.open(folder, settings.limit(), note);
  }

  /// The folder of a user who says nothing about it: next to the archives of `ClassArchive`, whose
  /// rule this is, too. That class is compiled for an older Java and can not be called from here.
  static Path of(String os, Path home, Map<String, String> environment) {
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
    if (!xdg.isEmpty()) {
      return Path.of(xdg, NAME, SLICES);
    }
    if (os.startsWith("Windows")) {
      String local = environment.getOrDefault("LOCALAPPDATA", "");
      Path base = local.isEmpty() ? home.resolve("AppData").resolve("Local") : Path.of(local);
      return base.resolve(NAME).resolve(SLICES);
    }
    Path base =
        os.startsWith("Mac") ? home.resolve("Library").resolve("Caches") : home.resolve(".cache");
    return base.resolve(NAME).resolve(SLICES);
  }
}
