package dllama.cli;

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
}
