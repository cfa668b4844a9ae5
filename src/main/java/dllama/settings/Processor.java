package dllama.settings;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What the system calls the processor of this machine.
public final class Processor {
  private static final Path SYSTEM = Path.of("/proc/cpuinfo");

  /// Of processors, then of boards with an ARM, whose processors have no name there.
  private static final List<String> KEYS = List.of("model name", "Model");

  private static final List<String> MAC = List.of("sysctl", "-n", "machdep.cpu.brand_string");

  private Processor() {}

  /// Such as "AMD EPYC 9B45"; the kind of processor where the system does not tell more.
  public static String name() {
    return named(SYSTEM)
        .or(() -> System.getProperty("os.name").startsWith("Mac") ? asked() : Optional.empty())
        .orElseGet(() -> System.getProperty("os.arch"));
  }

  static Optional<String> named(Path system) {
    try {
      List<String> lines = Files.readAllLines(system);
      return KEYS.stream()
          .flatMap(key -> lines.stream().filter(line -> line.matches(key + "\\s*:.*")))
          .map(line -> line.substring(line.indexOf(':') + 1).strip().replaceAll("\\s+", " "))
          .filter(name -> !name.isEmpty())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty(); // not Linux
    }
  }

  private static Optional<String> asked() {
    try (InputStream answer = new ProcessBuilder(MAC).start().getInputStream()) {
      return Optional.of(new String(answer.readAllBytes(), StandardCharsets.UTF_8).strip())
          .filter(name -> !name.isEmpty());
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
