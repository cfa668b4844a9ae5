package dllama.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Flags of the JVM that the program runs on: those of {@code /dllama/jvm.options}, and what depends
 * on the machine. Compiled for Java 11, see {@link Launcher}. No lambdas or regular expressions
 * here: every start would wait for their classes.
 */
final class JvmOptions {
  /**
   * Pages of 2 MiB for the heap. A start fills 64 MiB of it, and where pages are dear, as in
   * virtual machines, they cost more than what is put into them.
   */
  private static final String HUGE_PAGES = "-XX:+UseTransparentHugePages";

  /** Only Linux has it. Java complains on standard output of huge pages that are switched off. */
  private static final Path HUGE_PAGES_MODE =
      Path.of("/sys/kernel/mm/transparent_hugepage/enabled");

  private JvmOptions() {}

  static List<String> all() throws IOException {
    List<String> flags = new ArrayList<>();
    try (InputStream in = JvmOptions.class.getResourceAsStream("/dllama/jvm.options");
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.isBlank()) {
          flags.add(line);
        }
      }
    }
    if (hugePagesCanBeAskedFor()) {
      flags.add(HUGE_PAGES);
    }
    return flags;
  }

  private static boolean hugePagesCanBeAskedFor() {
    try {
      String mode = Files.readString(HUGE_PAGES_MODE);
      return mode.contains("[madvise]") || mode.contains("[always]");
    } catch (IOException | SecurityException e) {
      return false;
    }
  }

  /** Whether an option chooses a garbage collector, of which there can be one only. */
  static boolean choosesCollector(String option) {
    return option.startsWith("-XX:+Use") && option.endsWith("GC");
  }
}
