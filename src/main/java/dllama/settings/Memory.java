package dllama.settings;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/// The memory of this machine.
public final class Memory {
  private Memory() {}

  /// What the machine, or its container, has.
  public static long total() {
    var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return system.getTotalMemorySize();
  }

  /// What weights and cache may take.
  static long forWeights() {
    return usable(total());
  }

  /// Nine tenths: the system needs some.
  static long usable(long bytes) {
    return bytes / 10 * 9;
  }
}
