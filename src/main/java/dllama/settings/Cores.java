package dllama.settings;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/// Counts the cores of this machine.
final class Cores {
  private static final Path SYSTEM = Path.of("/sys/devices/system/cpu");

  private Cores() {}

  /// Physical cores that this process may use; the logical ones where the system does not tell.
  static int physical() {
    return physical(SYSTEM, Runtime.getRuntime().availableProcessors());
  }

  static int physical(Path system, int available) {
    Set<String> cores = new HashSet<>();
    try (DirectoryStream<Path> cpus = Files.newDirectoryStream(system, "cpu[0-9]*")) {
      for (Path cpu : cpus) {
        cores.add(Files.readString(cpu.resolve("topology/thread_siblings_list")));
      }
    } catch (IOException e) {
      return available; // not Linux, or a container that hides it
    }
    return cores.isEmpty() ? available : Math.min(cores.size(), available);
  }
}
