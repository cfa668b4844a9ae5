package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Starts the jar as real processes, under this Java and under an older one where the machine has
/// one: no process and no port may be left, whichever of them dies, and however.
@DisabledOnOs(OS.WINDOWS)
@Tag("by-the-clock")
class LauncherIT {
  private static final String JAR = System.getProperty("jar.under.test", "target/dllama-akka.jar");

  /// Stands in for the program: holds a port until it is killed.
  private static final String SERVER =
      """
      package dllama.cli;
      public class Main {
        public static void main(String[] args) throws Exception {
          var socket = new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress());
          System.out.println(ProcessHandle.current().pid() + " " + socket.getLocalPort()
              + " " + Runtime.version().feature() + " " + System.getProperty("given"));
          Thread.sleep(60_000);
        }
      }
      """;

  @TempDir static Path folder;

  private final List<ProcessHandle> started = new ArrayList<>();

  static Stream<Path> javas() throws IOException {
    List<Path> javas = new ArrayList<>(List.of(home(System.getProperty("java.home"))));
    Path installed = Path.of("/usr/lib/jvm");
    if (Files.isDirectory(installed)) {
      try (DirectoryStream<Path> homes = Files.newDirectoryStream(installed)) {
        for (Path home : homes) {
          if (Files.exists(home.resolve("release"))
              && Files.readString(home.resolve("release"))
                  .matches("(?s).*JAVA_VERSION=\"(1[1-9]|2[0-4])\\b.*")) {
            javas.add(home(home.toString()));
          }
        }
      }
    }
    return javas.stream().distinct().limit(2);
  }

  private static Path home(String home) throws IOException {
    return Path.of(home).toRealPath();
  }

  @BeforeAll
  static void compileServer() throws IOException {
    Path source = Files.writeString(folder.resolve("Main.java"), SERVER);
    int result =
        ToolProvider.getSystemJavaCompiler()
            .run(null, null, null, "-d", folder.toString(), source.toString());
    assertEquals(0, result);
  }

  @AfterEach
  void killAll() {
    started.forEach(ProcessHandle::destroyForcibly);
  }

  @ParameterizedTest
  @MethodSource("javas")
  void shouldPassOutputAndExitCodeOn(Path java) throws Exception {
    Process version = jar(java, "--version");
    assertTrue(output(version).startsWith("dllama-akka "));
    assertEquals(0, exit(version));
    Process unknown = jar(java, "--nodse", "2");
    assertEquals("unknown option --nodse; did you mean --nodes?\n", error(unknown));
    assertEquals(2, exit(unknown));
  }

  @ParameterizedTest
  @MethodSource("javas")
  void shouldServeOnANewJavaWithTheGivenOptions(Path java) throws Exception {
    Server server = serve(java, "-Dgiven=a b");
    assertTrue(server.feature() >= 25);
    assertEquals("a b", server.given());
    assertFalse(server.portIsFree());
  }

  @ParameterizedTest
  @MethodSource("javas")
  void shouldLeaveNothingWhenTheLauncherIsKilled(Path java) throws Exception {
    Server server = serve(java);
    signal("KILL", server.launcher().pid());
    assertEquals(137, exit(server.launcher()));
    server.assertGone();
  }

  /// The kernel ends it, which needs nothing of it: a stopped process could not look for its
  /// parent.
  @ParameterizedTest
  @MethodSource("javas")
  @EnabledOnOs(OS.LINUX)
  void shouldCloseItsPortAtOnceWhenTheLauncherIsKilled(Path java) throws Exception {
    Server server = serve(java);
    signal("STOP", server.pid());
    signal("KILL", server.launcher().pid());
    assertEquals(137, exit(server.launcher()));
    server.assertGone();
  }

  @ParameterizedTest
  @MethodSource("javas")
  void shouldEndWhenTheServingProcessIsKilled(Path java) throws Exception {
    Server server = serve(java);
    signal("KILL", server.pid());
    assertNotEquals(0, exit(server.launcher()));
    server.assertGone();
  }

  @ParameterizedTest
  @MethodSource("javas")
  void shouldEndBothOnSignals(Path java) throws Exception {
    for (String signal : List.of("TERM", "INT", "HUP")) {
      Server server = serve(java);
      signal(signal, server.launcher().pid());
      assertNotEquals(0, exit(server.launcher()), signal);
      server.assertGone();
    }
  }

  /// Every JVM says on standard error that it found these options. What needs no vectors and no
  /// cluster should not wait for a second one.
  @Test
  void shouldStartOneJvmForHelpAndTwoForWork() throws Exception {
    assertEquals(1, jvmsFor("--help"));
    assertEquals(2, jvmsFor("synth"));
  }

  private long jvmsFor(String argument) throws Exception {
    Process process =
        start(
            home(System.getProperty("java.home")),
            Map.of("JAVA_TOOL_OPTIONS", "-Dgiven=yes"),
            "-jar",
            JAR,
            argument);
    String error = error(process);
    exit(process);
    return error.lines().filter(line -> line.startsWith("Picked up JAVA_TOOL_OPTIONS")).count();
  }

  @Test
  void shouldSayWhatIsMissing() throws Exception {
    List<Path> javas = javas().toList();
    assumeTrue(javas.size() > 1, "this machine has no older Java");
    Map<String, String> nowhere =
        Map.of("DLLAMA_JAVA_FOLDERS", "/nonexistent", "JAVA_HOME", "", "PATH", "/nonexistent");
    Process process = start(javas.get(1), nowhere, "-jar", JAR, "--version");
    String error = error(process);
    assertTrue(error.startsWith("dllama-akka needs a JDK 25 or newer, but found only "), error);
    assertTrue(error.contains(javas.get(1).toString()), error);
    assertTrue(error.contains(": get one with java -jar " + JAR + " --get-jdk, or name "), error);
    assertEquals(1, error.lines().count(), error);
    assertEquals(2, exit(process));
  }

  /// A launcher and the process that serves, which may be the same.
  private record Server(Process launcher, long pid, int port, int feature, String given) {
    void assertGone() throws Exception {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
      while ((runs() || !portIsFree()) && System.nanoTime() < deadline) {
        Thread.sleep(20);
      }
      assertFalse(runs(), "still there after 1 s: " + pid);
      assertTrue(portIsFree());
    }

    /// A process that has ended but was not waited for by its parent has no command.
    private boolean runs() {
      return ProcessHandle.of(pid).flatMap(process -> process.info().command()).isPresent();
    }

    boolean portIsFree() throws IOException {
      try (ServerSocket socket = new ServerSocket()) {
        socket.setReuseAddress(true); // its closed connections do not count
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return true;
      } catch (BindException e) {
        return false;
      }
    }
  }

  private Server serve(Path java, String... options) throws IOException {
    List<String> arguments = new ArrayList<>(List.of(options));
    arguments.addAll(List.of("-cp", folder + File.pathSeparator + JAR, "dllama.cli.Launcher"));
    Process launcher = start(java, Map.of(), arguments.toArray(String[]::new));
    String line = reader(launcher).readLine();
    assertTrue(line != null, () -> errorOf(launcher));
    String[] parts = line.split(" ", 4);
    long pid = Long.parseLong(parts[0]);
    ProcessHandle.of(pid).ifPresent(started::add);
    return new Server(
        launcher, pid, Integer.parseInt(parts[1]), Integer.parseInt(parts[2]), parts[3]);
  }

  private Process jar(Path java, String... arguments) throws IOException {
    return start(
        java,
        Map.of(),
        Stream.concat(Stream.of("-jar", JAR), Stream.of(arguments)).toArray(String[]::new));
  }

  private Process start(Path java, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(java.resolve("bin/java").toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    Process process = builder.start();
    started.add(process.toHandle());
    return process;
  }

  private static void signal(String signal, long pid) throws Exception {
    assertEquals(0, exit(new ProcessBuilder("sh", "-c", "kill -" + signal + " " + pid).start()));
  }

  private static int exit(Process process) throws InterruptedException {
    assertTrue(process.waitFor(20, TimeUnit.SECONDS), "still running after 20 s");
    return process.exitValue();
  }

  private static BufferedReader reader(Process process) {
    return process.inputReader(StandardCharsets.UTF_8);
  }

  private static String output(Process process) throws IOException {
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static String error(Process process) throws IOException {
    return new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static String errorOf(Process process) {
    try {
      return error(process);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
