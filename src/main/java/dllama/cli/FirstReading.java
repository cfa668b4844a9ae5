package dllama.cli;

import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;

/// Shows how the first reading of a model file goes, if it takes so long that one would ask.
/// Any thread.
final class FirstReading implements BiConsumer<Long, Long> {
  private static final Duration QUIET = Duration.ofSeconds(1);

  private final StatusLines lines;
  private final Transfer transfer;
  private final long start = System.nanoTime();

  FirstReading(StatusLines lines, String name) {
    this.lines = lines;
    transfer = new Transfer(name);
  }

  @Override
  public synchronized void accept(Long bytes, Long total) {
    transfer.progress(bytes, total);
    if (System.nanoTime() - start > QUIET.toNanos() && lines.due()) {
      lines.show(List.of(transfer.line("reading")));
    }
  }
}
