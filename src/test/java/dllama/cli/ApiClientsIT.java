package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dllama.FreePort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The jar, and the clients that programs use for APIs like ours: `src/test/clients`. Where Node.js
/// or the clients are not, and can not be had, these tests are skipped and say what is missing.
@Tag("by-the-clock")
class ApiClientsIT {
  private static final Path SOURCES = Path.of("src/test/clients");
  private static final Path CLIENTS = Path.of("target/clients");
  private static final String LOCK = "package-lock.json";
  private static final String KEY = "local";

  /// On a machine with nothing else to do a client takes a few seconds, and npm ten.
  private static final long MINUTES = 10;

  private static NodeProcess root;
  private static int port;

  private record Result(int code, List<String> output) {}

  @BeforeAll
  static void start() throws IOException {
    Result node = run(Path.of("."), "node", "--version");
    assumeTrue(node.code() == 0, () -> "not here: Node.js, " + node.output());
    int version = Integer.parseInt(node.output().getFirst().replaceAll("\\D(\\d+).*", "$1"));
    assumeTrue(version >= 20, () -> "Node.js 20 or newer is needed, this is " + node.output());
    boolean current = prepare();
    Result npm =
        current
            ? new Result(0, List.of())
            : run(CLIENTS, "npm", "ci", "--prefer-offline", "--no-audit", "--no-fund");
    assumeTrue(npm.code() == 0, () -> "the clients can not be had: " + npm.output());
    int clusterPort = FreePort.find();
    port = FreePort.find();
    root =
        NodeProcess.root(
            clusterPort, 1, "api", "--api-port", String.valueOf(port), "--api-key", KEY);
    root.awaitError("page at", 1, NodeProcess.FORM);
    root.awaitError("ready, loaded", 1, NodeProcess.FORM);
  }

  /// Copies the checks to where the clients are.
  ///
  /// @return whether the clients are there already
  private static boolean prepare() throws IOException {
    Files.createDirectories(CLIENTS);
    Path installed = CLIENTS.resolve(LOCK);
    boolean current =
        Files.isDirectory(CLIENTS.resolve("node_modules/openai"))
            && Files.exists(installed)
            && Files.mismatch(installed, SOURCES.resolve(LOCK)) < 0;
    try (Stream<Path> files = Files.list(SOURCES)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, CLIENTS.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    return current;
  }

  @AfterAll
  static void stop() {
    if (root != null) {
      root.close();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"openai", "anthropic", "ollama", "langchain"})
  void shouldServe(String client) throws IOException {
    Result result = run(CLIENTS, "node", client + ".mjs", "http://127.0.0.1:" + port, KEY);
    assertEquals(0, result.code(), () -> String.join("\n", result.output()));
    assertTrue(
        result.output().stream().filter(line -> line.startsWith("ok ")).count() >= 6,
        () -> String.join("\n", result.output()));
    assertTrue(root.isAlive());
  }

  private static Result run(Path where, String... command) throws IOException {
    Path output = Files.createTempFile("client", ".txt");
    try {
      Process process =
          new ProcessBuilder(command)
              .directory(where.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      boolean ended = process.waitFor(MINUTES, TimeUnit.MINUTES);
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      List<String> lines = new ArrayList<>(Files.readAllLines(output));
      return new Result(ended ? process.exitValue() : -1, lines);
    } catch (IOException e) {
      return new Result(-1, List.of(String.valueOf(e.getMessage()))); // no such program
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } finally {
      Files.delete(output);
    }
  }
}
