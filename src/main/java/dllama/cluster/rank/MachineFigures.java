package dllama.cluster.rank;

import com.sun.management.OperatingSystemMXBean;
import dllama.cluster.wire.NodeFigures;
import dllama.settings.Memory;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/// What this machine has free and how busy it is, looked at once a second at most. Any thread.
final class MachineFigures {
  private static final long KEPT = Duration.ofSeconds(1).toNanos();

  private NodeFigures latest = NodeFigures.NONE;
  private long lookedAt = System.nanoTime() - KEPT;

  synchronized NodeFigures latest() {
    if (System.nanoTime() - lookedAt >= KEPT) {
      latest = look();
      lookedAt = System.nanoTime();
    }
    return latest;
  }

  private static NodeFigures look() {
    var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    int cores = system.getAvailableProcessors();
    long total = Memory.total();
    long available = Math.min(total, Memory.available().orElse(system.getFreeMemorySize()));
    double load = system.getSystemLoadAverage(); // negative where it is not known, as on Windows
    return new NodeFigures(
        total, available, cores, load >= 0 ? load : busy(system.getCpuLoad(), cores));
  }

  private static double busy(double share, int cores) {
    return share >= 0 ? share * cores : NodeFigures.UNKNOWN;
  }
}
