package dllama.cli;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Looks for installed Javas: those that are named first, then the usual folders. Compiled for Java
 * 11.
 */
final class JdkSearch {
  private final Map<String, String> environment;
  private final List<Jdk> found = new ArrayList<>();

  JdkSearch(Map<String, String> environment) {
    this.environment = environment;
  }

  Optional<Jdk> best() {
    if (environment.containsKey("DLLAMA_JAVA_HOME")) {
      return look(List.of(Path.of(environment.get("DLLAMA_JAVA_HOME"))));
    }
    Path own = Path.of(System.getProperty("java.home"));
    if (Runtime.version().feature() >= Launcher.NEEDED
        && ModuleFinder.ofSystem().find(Launcher.VECTOR).isPresent()) {
      return Optional.of(new Jdk(own, Runtime.version().toString(), true));
    }
    Optional<Jdk> named = look(named(own));
    return named.isPresent() ? named : look(usual());
  }

  /** The first usable one of equal rank in the order of {@code homes}. */
  private Optional<Jdk> look(List<Path> homes) {
    List<Jdk> jdks =
        homes.stream()
            .flatMap(home -> Jdk.at(home).stream())
            .collect(Collectors.toCollection(ArrayList::new));
    found.addAll(jdks);
    jdks.removeIf(jdk -> !jdk.usable());
    jdks.sort(Comparator.comparing(Jdk::longSupport).thenComparing(Jdk::feature).reversed());
    return jdks.stream().findFirst();
  }

  private List<Path> named(Path own) {
    List<Path> homes = new ArrayList<>(List.of(own));
    String javaHome = environment.getOrDefault("JAVA_HOME", "");
    if (!javaHome.isEmpty()) {
      homes.add(Path.of(javaHome));
    }
    for (String folder : environment.getOrDefault("PATH", "").split(File.pathSeparator)) {
      try {
        Path java = Path.of(folder, Launcher.WINDOWS ? "java.exe" : "java").toRealPath();
        homes.add(java.resolve("../..").normalize());
      } catch (IOException | InvalidPathException e) {
        continue; // no java in this folder
      }
    }
    return homes;
  }

  /** {@code DLLAMA_JAVA_FOLDERS} stands in for the usual folders where it is set. */
  private List<Path> usual() {
    String home = System.getProperty("user.home");
    String folders =
        String.join(
            File.pathSeparator,
            "/usr/lib/jvm",
            "/opt/java",
            "/Library/Java/JavaVirtualMachines",
            home + "/.sdkman/candidates/java",
            home + "/.jdks",
            home + "/Library/Java/JavaVirtualMachines",
            "C:\\Program Files\\Java",
            "C:\\Program Files\\Eclipse Adoptium");
    if (!Launcher.WINDOWS) {
      folders = folders.substring(0, folders.indexOf(File.pathSeparator + "C:"));
    }
    List<Path> homes = new ArrayList<>();
    for (String folder :
        environment.getOrDefault("DLLAMA_JAVA_FOLDERS", folders).split(File.pathSeparator)) {
      homes.addAll(in(folder));
    }
    homes.addAll(in(GetJdk.folder(environment).toString()));
    return homes;
  }

  /** The homes in a folder of JDKs, of which macOS has each in a bundle. */
  static List<Path> in(String folder) {
    List<Path> homes = new ArrayList<>();
    for (Path entry : entries(folder)) {
      homes.add(entry);
      homes.add(entry.resolve("Contents/Home"));
    }
    return homes;
  }

  private static List<Path> entries(String folder) {
    List<Path> entries = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(Path.of(folder))) {
      stream.forEach(entries::add);
    } catch (IOException | InvalidPathException e) {
      return entries; // not on this machine
    }
    Collections.sort(entries);
    return entries;
  }

  /** Whether one in the user's cache folder would be found. */
  boolean looksInCache() {
    return !environment.containsKey("DLLAMA_JAVA_HOME");
  }

  String nothingFound() {
    String javas =
        found.stream()
            .map(
                jdk ->
                    jdk.version
                        + " in "
                        + jdk.home
                        + (jdk.vector ? "" : " without " + Launcher.VECTOR))
            .distinct()
            .collect(Collectors.joining(", "));
    return "dllama-akka needs a JDK "
        + Launcher.NEEDED
        + " or newer, but found "
        + (javas.isEmpty() ? "none" : "only " + javas)
        + (looksInCache()
            ? ": get one with java -jar "
                + System.getProperty("java.class.path")
                + " "
                + GetJdk.OPTION
                + ", or name its folder in DLLAMA_JAVA_HOME"
            : " where DLLAMA_JAVA_HOME says: name the folder of one there, or unset it");
  }
}
