package dllama.settings;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/// The memory of this machine.
final class Memory {
  private Memory() {}

  /// What weights and cache may take: nine tenths of what the machine, or its container, has.
  static long forWeights() {
    var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return system.getTotalMemorySize() / 10 * 9;
  }
}
