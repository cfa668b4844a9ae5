package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/// Network namespaces, and the cables between them, by the system's `ip`.
final class Namespaces {
  private static final int NO_SUCH_PROGRAM = 127;

  private Namespaces() {}

  /// Has `ip` do something that must succeed.
  static void ip(String arguments) throws InterruptedException {
    assertEquals(0, run("ip " + arguments), "ip " + arguments);
  }

  /// Runs a command; returns its exit status.
  static int run(String command) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder(command.split(" "))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), command);
      return process.exitValue();
    } catch (IOException e) {
      return NO_SUCH_PROGRAM;
    }
  }
}
