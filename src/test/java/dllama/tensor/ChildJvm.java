package dllama.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A main class of the tests in a JVM of its own, with the product's flags and one more.
final class ChildJvm {
  private ChildJvm() {}

  /// Runs `main` to its end, which must be a good one; gives what it printed.
  static String run(String flag, Path folder, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + Path.of("src/main/resources/dllama/jvm.options").toAbsolutePath());
    command.add("-XX:+IgnoreUnrecognizedVMOptions");
    command.addAll(List.of(flag, "-Xmx512m", "-cp", System.getProperty("java.class.path")));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "still running");
    } finally {
      process.destroyForcibly();
    }
    String text = Files.readString(output);
    System.out.println(flag + ": " + text.strip());
    assertEquals(0, process.exitValue(), text);
    return text;
  }
}
