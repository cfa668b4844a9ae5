package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dllama.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The page, in a real browser against a mock of the root, and against a real one: `src/test/web`.
/// The page is committed as it was built, so neither the jar nor most who work on it need Node.js;
/// where that, its packages or the browser are not, these tests are skipped and say what is
/// missing.
@Tag("by-the-clock")
class WebPageIT {
  private static final Path SOURCES = Path.of("src/main/web");
  private static final Path BUILT = Path.of("src/main/resources/dllama/web");
  private static final Path TESTS = Path.of("src/test/web");

  /// On a machine with nothing else to do a file takes less than one.
  private static final long MINUTES = 15;

  @TempDir Path folder;

  private record Result(int code, String output) {}

  private static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(TESTS)) {
      return files.filter(file -> file.toString().endsWith(".test.mjs")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void shouldPassInABrowser(Path file) throws IOException {
    Result ready = run(TESTS, "node", "ready.mjs");
    assumeTrue(ready.code() == 0, ready::output);
    Result result =
        run(TESTS, "node", "--test", "--test-reporter=tap", file.getFileName().toString());
    assertEquals(0, result.code(), result::output);
    assertTrue(result.output().contains("# fail 0"), result::output);
    assertFalse(result.output().contains("# pass 0"), result::output);
  }

  /// A root, a worker that computes and is killed, and one that takes its place.
  @Test
  @DisabledOnOs(OS.WINDOWS)
  void shouldShowThatAWorkerIsLostAndGoOn() throws IOException {
    Result ready = run(TESTS, "node", "ready.mjs");
    assumeTrue(ready.code() == 0, ready::output);
    int port = FreePort.find();
    int api = FreePort.find();
    List<Integer> ports = List.of(FreePort.find(), FreePort.find());
    try (NodeProcess root = NodeProcess.root(port, 2, "api", "--api-port", String.valueOf(api));
        NodeProcess first = NodeProcess.worker(port, "--port", String.valueOf(ports.get(0)));
        NodeProcess second = NodeProcess.worker(port, "--port", String.valueOf(ports.get(1)))) {
      root.awaitError("ready, loaded", 1, NodeProcess.FORM);
      String workers =
          "%d:%d,%d:%d"
              .formatted(ports.get(0), first.handle().pid(), ports.get(1), second.handle().pid());
      Map<String, String> environment =
          Map.of("BASE_URL", "http://127.0.0.1:%d/".formatted(api), "WORKERS", workers);
      Result result =
          run(TESTS, environment, "node", "--test", "--test-reporter=tap", "real-cluster.mjs");
      assertEquals(0, result.code(), () -> result.output() + root);
      assertTrue(result.output().contains("# pass 1"), result::output);
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void shouldBeCommittedAsItsSourcesGiveIt() throws IOException {
    assumeTrue(
        Files.isDirectory(SOURCES.resolve("node_modules")), "not here: npm ci in " + SOURCES);
    Path again = folder.resolve("web");
    Result build = run(Path.of("."), "scripts/build-web", "--into", again.toString());
    assertEquals(0, build.code(), build::output);
    assertEquals(names(again), names(BUILT), "scripts/build-web was not run");
    for (String name : names(again)) {
      assertArrayEquals(
          Files.readAllBytes(again.resolve(name)),
          Files.readAllBytes(BUILT.resolve(name)),
          () -> name + " is not what the sources give: run scripts/build-web");
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private Result run(Path where, String... command) throws IOException {
    return run(where, Map.of(), command);
  }

  private Result run(Path where, Map<String, String> environment, String... command)
      throws IOException {
    Path output = Files.createTempFile(folder, "output", ".txt");
    Process process;
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .directory(where.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile());
      builder.environment().putAll(environment);
      process = builder.start();
    } catch (IOException e) {
      return abort("not here: " + command[0]);
    }
    try {
      assertTrue(process.waitFor(MINUTES, TimeUnit.MINUTES), () -> "still running: " + command[0]);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    return new Result(process.exitValue(), Files.readString(output));
  }
}
