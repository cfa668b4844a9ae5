package dllama.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** An installed Java, as its {@code release} file describes it. Compiled for Java 11. */
final class Jdk {
  final Path home;
  final String version;
  final boolean vector;

  Jdk(Path home, String version, boolean vector) {
    this.home = home;
    this.version = version;
    this.vector = vector;
  }

  static Optional<Jdk> at(Path home) {
    Map<String, String> release = new LinkedHashMap<>();
    try {
      for (String line : Files.readAllLines(home.resolve("release"))) {
        int equals = line.indexOf('=');
        if (equals > 0) {
          release.put(line.substring(0, equals), line.substring(equals + 1).replace("\"", ""));
        }
      }
    } catch (IOException e) {
      return Optional.empty(); // no Java here
    }
    String modules = release.getOrDefault("MODULES", Launcher.VECTOR);
    Jdk jdk =
        new Jdk(home, release.getOrDefault("JAVA_VERSION", ""), modules.contains(Launcher.VECTOR));
    return Files.isExecutable(jdk.java()) ? Optional.of(jdk) : Optional.empty();
  }

  Path java() {
    return home.resolve("bin").resolve(Launcher.WINDOWS ? "java.exe" : "java");
  }

  int feature() {
    String digits = version.replaceFirst("^1\\.", "").replaceFirst("\\D.*", "");
    return digits.isEmpty() ? 0 : Integer.parseInt(digits);
  }

  boolean usable() {
    return feature() >= Launcher.NEEDED && vector;
  }

  /** Releases with long support first, since it is those that the program is tested on. */
  boolean longSupport() {
    return (feature() - Launcher.NEEDED) % 4 == 0;
  }
}
