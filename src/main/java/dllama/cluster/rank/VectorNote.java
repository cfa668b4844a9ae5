package dllama.cluster.rank;

import dllama.settings.Processor;
import dllama.settings.Version;
import dllama.slice.SliceCache;
import java.lang.management.ManagementFactory;
import java.util.stream.Collectors;

/// How wide vectors should be on this processor, with this Java, its flags and this program, as far
/// as an earlier process found out: a note in the cache folder. The width is a constant for the
/// compiler, so it can not change within a process.
final class VectorNote {
  private static final int NARROWEST = 128;

  private final SliceCache cache;
  private final String name;

  VectorNote(SliceCache cache) {
    this.cache = cache;
    name =
        "vectors of %s, Java %s %s, dllama-akka %s"
            .formatted(
                Processor.name(),
                System.getProperty("java.vm.version"),
                flags(),
                Version.current());
  }

  /// Of those that decide what is compiled and how, not of what is loaded from where.
  private static String flags() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> flag.startsWith("-X") && !flag.contains("Shared"))
        .collect(Collectors.joining(" "));
  }

  /// More than there are where nobody found anything.
  int bits() {
    return cache
        .noted(name)
        .filter(note -> note.matches("\\d{3}"))
        .map(Integer::parseInt)
        .filter(bits -> bits >= NARROWEST)
        .orElse(Integer.MAX_VALUE);
  }

  void write(int bits) {
    cache.note(name, String.valueOf(bits));
  }
}
