import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/// What happened, in order: faults, and all that the nodes said. Any thread.
final class Story implements AutoCloseable {
  /// @param at nanoseconds since the beginning
  /// @param who a node's name, or that of what tells
  record Line(long at, String who, String text) {
    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%9.3f %-9s %s", at / 1e9, who, text);
    }
  }

  private final long start = System.nanoTime();
  private final List<Line> lines = new ArrayList<>();
  private final PrintWriter file;

  Story(Path file) {
    try {
      this.file = new PrintWriter(Files.newBufferedWriter(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Nanoseconds since the beginning.
  long now() {
    return System.nanoTime() - start;
  }

  synchronized void tell(String who, String text) {
    Line line = new Line(now(), who, text);
    lines.add(line);
    file.println(line);
    file.flush();
  }

  /// Whether `who` has said such a line since `from`.
  synchronized boolean has(String who, long from, Predicate<String> such) {
    for (int i = lines.size() - 1; i >= 0 && lines.get(i).at >= from; i--) {
      if (lines.get(i).who.equals(who) && such.test(lines.get(i).text)) {
        return true;
      }
    }
    return false;
  }

  /// Waits for such a line.
  boolean await(String who, long from, long seconds, Predicate<String> such)
      throws InterruptedException {
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    while (!has(who, from, such)) {
      if (System.nanoTime() > end) {
        return false;
      }
      Thread.sleep(20);
    }
    return true;
  }

  /// How many lines of `who` are such ones.
  synchronized long count(String who, Predicate<String> such) {
    return lines.stream().filter(line -> line.who.equals(who) && such.test(line.text)).count();
  }

  /// The first such line of `who` since `from`.
  synchronized Optional<Line> first(String who, long from, Predicate<String> such) {
    return lines.stream()
        .filter(line -> line.at >= from && line.who.equals(who) && such.test(line.text))
        .findFirst();
  }

  /// How many lines of `who` between two times are such ones.
  synchronized long count(String who, long from, long to, Predicate<String> such) {
    return lines.stream()
        .filter(line -> line.at >= from && line.at < to)
        .filter(line -> line.who.equals(who) && such.test(line.text))
        .count();
  }

  /// The last such line of `who` before a time; null if there is none.
  synchronized Line lastBefore(String who, long at, Predicate<String> such) {
    Line last = null;
    for (Line line : lines) {
      if (line.at < at && line.who.equals(who) && such.test(line.text)) {
        last = line;
      }
    }
    return last;
  }

  @Override
  public void close() {
    file.close();
  }
}
