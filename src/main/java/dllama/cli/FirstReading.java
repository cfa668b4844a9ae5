package dllama.cli;

import java.time.Duration;
import java.util.List;

/// Shows how the first reading of a model file goes, if it takes so long that one would ask.
/// Any thread.
final class FirstReading {
  private static final Duration QUIET = Duration.ofSeconds(1);

  private final StatusLines lines;
  private final Transfer transfer;
  private final long start = System.nanoTime();

  FirstReading(StatusLines lines, String name) {
    this.lines = lines;
    transfer = new Transfer(name);
  }

  synchronized void progress(long bytes, long total) {
    transfer.progress(bytes, total);
    if (System.nanoTime() - start > QUIET.toNanos() && lines.due()) {
      lines.show(List.of(transfer.line("reading")));
    }
  }
}
