package dllama.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CoresTest {
  @TempDir Path system;

  @Test
  void shouldCountSiblingsOnce() throws IOException {
    for (int cpu = 0; cpu < 8; cpu++) {
      Path topology = Files.createDirectories(system.resolve("cpu" + cpu + "/topology"));
      Files.writeString(topology.resolve("thread_siblings_list"), cpu % 4 + "," + (cpu % 4 + 4));
    }
    Files.createDirectories(system.resolve("cpufreq"));
    assertEquals(4, Cores.physical(system, 8));
    assertEquals(2, Cores.physical(system, 2), "fewer are allowed to this process");
  }

  @Test
  void shouldFallBackToLogicalCores() {
    assertEquals(6, Cores.physical(system.resolve("none"), 6));
    assertEquals(6, Cores.physical(system, 6));
  }
}
