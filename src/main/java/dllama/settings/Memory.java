package dllama.settings;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The memory of this machine.
public final class Memory {
  private static final Pattern AVAILABLE = Pattern.compile("MemAvailable:\\s+(\\d{1,12}) kB");

  private Memory() {}

  /// What the machine, or its container, has.
  public static long total() {
    var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    return system.getTotalMemorySize();
  }

  /// What programs can still get without others having to give up theirs; by Linux only.
  public static OptionalLong available() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
      return lines
          .map(AVAILABLE::matcher)
          .filter(Matcher::matches)
          .mapToLong(line -> Long.parseLong(line.group(1)) << 10)
          .map(bytes -> Math.min(bytes, total()))
          .findFirst();
    } catch (IOException | UncheckedIOException e) {
      return OptionalLong.empty();
    }
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
