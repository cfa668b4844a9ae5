package dllama.cli;

import dllama.files.ByteSize;
import java.util.ArrayDeque;
import java.util.Deque;

/// How fast something has grown of late.
final class Rate {
  private record Point(long nanos, long value) {}

  private static final long WINDOW_NANOS = 10_000_000_000L;

  private final Deque<Point> points = new ArrayDeque<>();

  void at(long nanos, long value) {
    points.add(new Point(nanos, value));
    while (nanos - points.getFirst().nanos() > WINDOW_NANOS) {
      points.removeFirst();
    }
  }

  /// 0 while it can not be told.
  double bytesPerSecond() {
    if (points.size() < 2) {
      return 0;
    }
    long nanos = points.getLast().nanos() - points.getFirst().nanos();
    long bytes = points.getLast().value() - points.getFirst().value();
    return nanos <= 0 ? 0 : Math.max(0, bytes * 1e9 / nanos);
  }

  /// Such as "1.20 GB of 4.70 GB, 25 %, 11.3 MB/s, 5:17 left".
  static String line(long done, long total, double bytesPerSecond) {
    String line =
        "%s of %s, %d %%"
            .formatted(
                ByteSize.text(done), ByteSize.text(total), total == 0 ? 100 : percent(done, total));
    if (bytesPerSecond < 1) {
      return line;
    }
    long left = Math.round((total - done) / bytesPerSecond);
    return "%s, %s/s, %s left".formatted(line, ByteSize.text((long) bytesPerSecond), time(left));
  }

  /// Such as "5:17", or "1:02 h" for more than an hour.
  static String time(long seconds) {
    return seconds < 3600
        ? "%d:%02d".formatted(seconds / 60, seconds % 60)
        : "%d:%02d h".formatted(seconds / 3600, seconds / 60 % 60);
  }

  private static long percent(long done, long total) {
    return (long) (100.0 * done / total);
  }
}
