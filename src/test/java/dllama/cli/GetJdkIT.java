package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// How a machine without a JDK 25 gets one: `scripts/get-jdk` in all shells and with all programs
/// that fetch files, of those that this machine has, and the jar's `--get-jdk`. The JDK is a small
/// stand-in, the network is loopback.
@DisabledOnOs(OS.WINDOWS)
class GetJdkIT {
  private static final String JAR = System.getProperty("jar.under.test", "target/dllama-akka.jar");
  private static final int MB = 1_000_000;

  /// All that the script may use, beside a shell and what fetches files.
  private static final List<String> TOOLS =
      List.of(
          "dirname",
          "uname",
          "getconf",
          "sed",
          "awk",
          "ls",
          "find",
          "tr",
          "tail",
          "cut",
          "df",
          "mkdir",
          "rm",
          "mv",
          "sleep",
          "sha256sum",
          "tar",
          "gzip",
          "grep");

  @TempDir static Path shared;
  private static Path archive;

  @TempDir Path folder;
  private final List<Process> started = new ArrayList<>();
  private Path jdks;

  /// A way to get a JDK, with the folder that is its whole path.
  private record Way(String name, List<String> command, Path path) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Way> ways() throws IOException {
    List<Way> ways = new ArrayList<>();
    if (program("curl") != null) {
      ways.add(
          program("bash") == null
              ? script("sh with curl", "curl", "sh")
              : script("bash --posix with curl", "curl", "bash", "--posix"));
    }
    if (program("wget") != null) {
      ways.add(script("sh with wget", "wget", "sh"));
    }
    if (program("busybox") != null) {
      ways.add(script("busybox with its wget", "busybox", "busybox", "sh"));
    }
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    Path older =
        LauncherIT.javas().skip(1).findFirst().map(p -> p.resolve("bin/java")).orElse(java);
    List<String> jar = List.of(older.toString(), "-jar", Path.of(JAR).toAbsolutePath() + "");
    Way last = script("jar", "tar", "sh");
    ways.add(
        new Way(
            "the jar", Stream.concat(jar.stream(), Stream.of("--get-jdk")).toList(), last.path()));
    return ways.stream();
  }

  private static Way script(String name, String fetcher, String... shell) throws IOException {
    Path tools = Files.createDirectories(shared.resolve(name.replace(' ', '-')));
    List<String> names = new ArrayList<>(TOOLS);
    names.add(fetcher);
    for (String tool : names) {
      stand(tools.resolve(tool), program(tool).toString());
    }
    if (fetcher.equals("busybox")) {
      stand(tools.resolve("wget"), program(fetcher) + " wget");
    }
    List<String> command = new ArrayList<>(List.of(shell));
    command.set(0, program(shell[0]).toString());
    command.add(Path.of("scripts/get-jdk").toAbsolutePath().toString());
    return new Way(name, command, tools);
  }

  private static void stand(Path script, String command) throws IOException {
    Files.writeString(script, "#!/bin/sh\nexec " + command + " \"$@\"\n");
    assertTrue(script.toFile().setExecutable(true));
  }

  private static Path program(String name) {
    return Stream.of("/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin")
        .map(bin -> Path.of(bin, name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElse(null);
  }

  @BeforeAll
  static void makeArchive() throws Exception {
    Path home = Files.createDirectories(shared.resolve("jdk-25.0.9+1"));
    Path bin = Files.createDirectories(home.resolve("bin"));
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"25.0.9\"\n");
    for (String name : List.of("java", "javac")) {
      Files.writeString(bin.resolve(name), "#!/bin/sh\necho stand-in\n");
      assertTrue(bin.resolve(name).toFile().setExecutable(true));
    }
    byte[] ballast = new byte[3 * MB];
    new Random(1).nextBytes(ballast);
    Files.write(home.resolve("ballast"), ballast);
    archive = pack("some-jdk.tar.gz", "jdk-25.0.9+1");
  }

  private static Path pack(String name, String what) throws Exception {
    Path file = shared.resolve(name);
    Process tar =
        new ProcessBuilder("tar", "-czf", file.toString(), "-C", shared.toString(), what).start();
    assertEquals(0, tar.waitFor());
    return file;
  }

  @BeforeEach
  void chooseFolder() {
    jdks = folder.resolve("dllama-akka/jdk");
  }

  @AfterEach
  void killAll() {
    started.forEach(Process::destroyForcibly);
  }

  @ParameterizedTest
  @MethodSource("ways")
  void shouldInstallWhatAFileHolds(Way way) throws Exception {
    String said = succeed(start(way, archive.toString()));
    assertTrue(said.contains("Not verified against a known checksum: some-jdk.tar.gz"), said);
    assertInstalled();
    assertTrue(Files.exists(archive), "the file is the user's");
    succeed(start(way, "/nonexistent")); // there is one now
  }

  @ParameterizedTest
  @MethodSource("ways")
  void shouldGoOnAfterEveryCut(Way way) throws Exception {
    try (ArchiveServer server = new ArchiveServer(archive)) {
      server.cutAfter = MB;
      succeed(start(way, server.url("some-jdk.tar.gz")));
      assertInstalled();
      assertEquals(List.of(0, MB, 2 * MB, 3 * MB), server.starts);
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void shouldGoOnInTheNextRun(Way way) throws Exception {
    try (ArchiveServer server = new ArchiveServer(archive)) {
      server.holdAfter = MB;
      Process first = start(way, server.url("some-jdk.tar.gz"));
      awaitPart();
      first.toHandle().destroy();
      assertEquals(143, exit(first));
      assertEquals(List.of(), names(".*(?<!part)"), "nothing half installed");
      server.release();
      server.holdAfter = Integer.MAX_VALUE;
      succeed(start(way, server.url("some-jdk.tar.gz")));
      assertInstalled();
      assertEquals(2, server.starts.size());
      assertTrue(server.starts.getLast() > MB / 2, server.starts::toString);
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void shouldBeginAnewWhereTheServerDoesNotGoOn(Way way) throws Exception {
    Files.createDirectories(jdks);
    Files.writeString(jdks.resolve("some-jdk.tar.gz.999999999.part"), "of something else");
    try (ArchiveServer server = new ArchiveServer(archive)) {
      server.ranges = false;
      succeed(start(way, server.url("some-jdk.tar.gz")));
      assertInstalled();
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void shouldRefuseAWrongChecksum(Way way) throws Exception {
    try (ArchiveServer server = new ArchiveServer(archive)) {
      Process wrong =
          start(
              way, server.url("a.tar.gz"), Map.of("DLLAMA_JDK_SHA256", "0".repeat(64)), List.of());
      assertRefused(wrong, "is not what it should be and was not installed");
      String pinned = JdkSource.of(Map.of()).archive;
      assertRefused(start(way, server.url("")), pinned + " is not what it should be");
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void shouldSayInOneLineWhyItCanNot(Way way) throws Exception {
    try (ArchiveServer server = new ArchiveServer(archive)) {
      assertRefused(start(way, server.url("missing")), "missing could not be had: ");
    }
    Files.writeString(shared.resolve("text"), "no JDK");
    assertRefused(start(way, pack("text.tar.gz", "text") + ""), "holds no JDK 25 or newer");
    Path half = shared.resolve("half.tar.gz");
    Files.write(half, Arrays.copyOf(Files.readAllBytes(archive), MB));
    assertRefused(start(way, half.toString()), "could not be unpacked: ");
    assertRefused(start(way, folder.resolve("none.tar.gz").toString()), "can not be read");
  }

  @ParameterizedTest
  @MethodSource("ways")
  void shouldSayThatTheFolderCanNotBeWrittenTo(Way way) throws Exception {
    Files.writeString(folder.resolve("dllama-akka"), "not a folder");
    Process process = start(way, archive.toString());
    String said = said(process);
    assertEquals(2, exit(process));
    assertTrue(said.contains(jdks + " can not be written to"), said);
    assertEquals(1, said.lines().count(), said);
  }

  @ParameterizedTest
  @MethodSource("ways")
  void shouldLeaveNothingOnAFullDisk(Way way) throws Exception {
    String mount =
        "mount -t tmpfs -o size=SIZE none \"$0\" && \"$@\"; c=$?; ls -AR \"$0\" | grep -c part;"
            + " exit $c";
    List<String> user = List.of("unshare", "-rm", "/bin/sh", "-c", "mount -t tmpfs none /mnt");
    assumeTrue(program("unshare") != null && exit(new ProcessBuilder(user).start()) == 0);
    try (ArchiveServer server = new ArchiveServer(archive)) {
      for (String size : List.of("2m", "5m")) { // full while it arrives, and while it is unpacked
        List<String> small =
            List.of(
                program("unshare").toString(),
                "-rm",
                program("sh").toString(),
                "-c",
                "PATH=$PATH:/usr/bin:/bin; " + mount.replace("SIZE", size),
                folder.toString());
        Process process = start(way, server.url("some-jdk.tar.gz"), Map.of(), small);
        String said = said(process);
        assertEquals(2, exit(process), said);
        assertTrue(said.toLowerCase().contains("no room for a jdk: " + jdks), said);
        assertEquals(2, lines(said).size(), said);
        assertEquals("0\n", new String(process.getInputStream().readAllBytes()), "parts left");
      }
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void shouldWaitForAnotherProcess(Way way) throws Exception {
    try (ArchiveServer server = new ArchiveServer(archive)) {
      server.holdAfter = MB;
      Way script = ways().findFirst().orElseThrow();
      Process first = start(script, server.url("some-jdk.tar.gz"));
      awaitPart();
      Process second = start(way, server.url("some-jdk.tar.gz"));
      var lines = second.errorReader(StandardCharsets.UTF_8);
      String line = lines.readLine();
      while (line != null && !line.contains("Another process is getting it")) {
        line = lines.readLine();
      }
      assertTrue(line != null);
      server.release();
      assertEquals(0, exit(first));
      assertEquals(0, exit(second));
      assertInstalled();
      assertEquals(1, server.starts.size());
    }
  }

  /// The launcher and the scripts look into the same folder.
  @Test
  void shouldFindWhatIsInTheCacheFolder() throws Exception {
    List<Path> javas = LauncherIT.javas().toList();
    assumeTrue(javas.size() > 1, "this machine has no older Java");
    Files.createDirectories(jdks);
    Path own = Files.createSymbolicLink(jdks.resolve("own"), javas.getFirst());
    Way script = ways().findFirst().orElseThrow();
    Process process = start(script, "/nonexistent");
    assertEquals(own + "\n", new String(process.getInputStream().readAllBytes()));
    String old = javas.get(1).resolve("bin/java").toString();
    Way jar = new Way("jar", List.of(old, "-jar", JAR, "--version"), script.path());
    Process version = start(jar, "/nonexistent");
    String said = new String(version.getInputStream().readAllBytes());
    assertTrue(said.startsWith("dllama-akka "), said);
  }

  private Process start(Way way, String source) throws IOException {
    return start(way, source, Map.of(), List.of());
  }

  private Process start(Way way, String source, Map<String, String> more, List<String> prefix)
      throws IOException {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(way.command());
    ProcessBuilder builder = new ProcessBuilder(command);
    Map<String, String> environment = builder.environment();
    environment.clear();
    environment.put("PATH", way.path().toString());
    environment.put("HOME", folder.toString());
    environment.put("XDG_CACHE_HOME", folder.toString());
    environment.put("DLLAMA_JAVA_FOLDERS", "/nonexistent");
    environment.put("DLLAMA_JDK_URL", source);
    environment.putAll(more);
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private String succeed(Process process) throws Exception {
    String said = said(process);
    assertEquals(0, exit(process), said);
    return said;
  }

  /// In one line after the one that says what is tried, and with nothing left behind.
  private void assertRefused(Process process, String why) throws Exception {
    String said = said(process);
    assertEquals(2, exit(process), said);
    List<String> lines = lines(said);
    assertEquals(2, lines.size(), said);
    assertTrue(lines.getLast().contains(why), said);
    assertEquals(List.of(), names(".*"));
  }

  private static List<String> lines(String said) {
    return said.lines().filter(line -> !line.startsWith("Not verified against")).toList();
  }

  private void assertInstalled() throws IOException {
    List<String> names = names(".*");
    assertEquals(1, names.size(), names::toString);
    Path home = jdks.resolve(names.getFirst());
    assertEquals("JAVA_VERSION=\"25.0.9\"\n", Files.readString(home.resolve("release")));
    assertTrue(Files.isExecutable(home.resolve("bin/java")));
    assertFalse(Files.exists(home.resolve("jdk-25.0.9+1")));
  }

  private List<String> names(String pattern) throws IOException {
    try (Stream<Path> files = Files.list(jdks)) {
      return files.map(f -> f.getFileName() + "").filter(f -> f.matches(pattern)).toList();
    }
  }

  /// Until most of the first MB has been written.
  private void awaitPart() throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!hasPart()) {
      assertTrue(System.nanoTime() < deadline, "no part after 20 s");
      Thread.sleep(20);
    }
  }

  private boolean hasPart() throws IOException {
    if (!Files.isDirectory(jdks)) {
      return false;
    }
    for (String name : names(".*\\.part")) {
      if (Files.size(jdks.resolve(name)) > MB / 2) {
        return true;
      }
    }
    return false;
  }

  private static String said(Process process) throws IOException {
    return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static int exit(Process process) throws InterruptedException {
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "still running after 60 s");
    return process.exitValue();
  }
}
