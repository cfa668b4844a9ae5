package dllama.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Where a JDK is to be had: what {@code /dllama/jdk.txt} names for this platform, or what the user
 * names in {@code DLLAMA_JDK_URL}: an archive, a file, or a mirror's folder that ends in a slash.
 * The rules are those of {@code scripts/get-jdk}. Compiled for Java 11.
 */
final class JdkSource {
  /** The JDK's name, and that of its folder. */
  final String name;

  /** The file's name. */
  final String archive;

  /** An address or a file. */
  final String place;

  /** How long the archive is; 0 where nobody knows. */
  final long bytes;

  /** SHA-256 in small letters; empty where nobody knows. */
  final String checksum;

  private JdkSource(String name, String archive, String place, long bytes, String checksum) {
    this.name = name;
    this.archive = archive;
    this.place = place;
    this.bytes = bytes;
    this.checksum = checksum;
  }

  static JdkSource of(Map<String, String> environment) throws IOException {
    return of(environment, lines(), platform());
  }

  static JdkSource of(Map<String, String> environment, List<String> lines, String platform)
      throws IOException {
    String name = fields(lines, "jdk")[1];
    String[] pinned = fields(lines, platform); // platform, bytes, SHA-256, address
    String url = pinned.length == 0 ? "" : pinned[3];
    String pinnedArchive = lastPart(url);
    String wanted = environment.getOrDefault("DLLAMA_JDK_URL", "");
    String place = wanted.isEmpty() ? url : wanted;
    if (place.isEmpty()) {
      throw new IOException(
          "no JDK for "
              + platform
              + " is known here: install a JDK 25 or newer, and name its"
              + " folder in DLLAMA_JAVA_HOME");
    }
    place = place.endsWith("/") ? place + pinnedArchive : place;
    String archive = lastPart(place);
    String given =
        wanted.isEmpty()
            ? ""
            : environment.getOrDefault("DLLAMA_JDK_SHA256", "").toLowerCase(Locale.ROOT);
    if (archive.equals(pinnedArchive)) {
      return new JdkSource(
          name, archive, place, Long.parseLong(pinned[1]), given.isEmpty() ? pinned[2] : given);
    }
    return new JdkSource(archive.replaceFirst("\\.(tar.*|tgz|zip)$", ""), archive, place, 0, given);
  }

  private static List<String> lines() throws IOException {
    try (InputStream in = JdkSource.class.getResourceAsStream("/dllama/jdk.txt");
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return lines.lines().collect(Collectors.toList());
    }
  }

  private static String[] fields(List<String> lines, String first) {
    return lines.stream()
        .map(line -> line.split(" "))
        .filter(fields -> fields[0].equals(first))
        .findFirst()
        .orElse(new String[0]);
  }

  private static String lastPart(String place) {
    String path = place.replaceFirst("\\?.*", "");
    return path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  }

  /** This machine's name in the list. Which C library a Linux has, Java does not tell. */
  static String platform() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String os = system.startsWith("mac") ? "macos" : system.replaceFirst(" .*", "");
    if (os.equals("linux") && Files.exists(Path.of("/etc/alpine-release"))) {
      os = "linux-musl";
    }
    String arch = System.getProperty("os.arch");
    return os + "-" + (arch.equals("amd64") || arch.equals("x86_64") ? "x64" : arch);
  }

  boolean isFile() {
    return place.startsWith("file:") || !place.contains("://");
  }

  Path file() {
    return place.startsWith("file:") ? Path.of(URI.create(place)) : Path.of(place);
  }
}
