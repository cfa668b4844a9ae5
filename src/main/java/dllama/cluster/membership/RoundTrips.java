package dllama.cluster.membership;

import java.time.Duration;
import java.util.Arrays;

/// How long signs of life take to a worker and back. The shortest of the last ten seconds is the
/// network's: others have waited for threads that were busy. One actor's; times are those of
/// `System.nanoTime`.
final class RoundTrips {
  /// Ten seconds of signs of life.
  private static final int KEPT = 40;

  /// An answer may be lost with its connection.
  private static final long LOST = Duration.ofSeconds(5).toNanos();

  private final long[] nanos = new long[KEPT];
  private int count;
  private long number;
  private long sentAt;
  private boolean awaited;

  /// A sign of life is sent.
  ///
  /// @return the number that its answer repeats: that of the first one that is not answered yet
  long begin(long now) {
    if (!awaited || now - sentAt > LOST) {
      number++;
      sentAt = now;
      awaited = true;
    }
    return number;
  }

  /// An answer is here; one to another number tells nothing.
  void back(long answered, long now) {
    if (awaited && answered == number) {
      nanos[count++ % KEPT] = now - sentAt;
      awaited = false;
    }
  }

  /// The shortest of the latest ones; negative if there were none.
  long shortestNanos() {
    return Arrays.stream(nanos).limit(count).min().orElse(-1);
  }
}
