package dllama.cluster.port;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Tells users what was refused at this process's ports, in so few lines that nobody can fill a
/// screen with them: of each kind one a minute, with the number of those that were left out. Any
/// thread.
public final class Refusals {
  private static final Refusals OF_PROCESS = new Refusals(System::nanoTime);
  private static final Duration PAUSE = Duration.ofMinutes(1);

  /// Kinds that are told apart in a minute; there are about as many. What is more than that,
  /// because strangers choose some of the words, counts as one.
  private static final int MOST_KINDS = 16;

  private static final String OTHER = "";

  private final LongSupplier nanoTime;
  private final List<Consumer<String>> listeners = new CopyOnWriteArrayList<>();
  private final Map<String, Told> kinds = new HashMap<>();
  private long all;

  /// When a line told of a kind, and how many it did not tell of since.
  private static final class Told {
    final long at;
    long untold;

    Told(long at) {
      this.at = at;
    }
  }

  Refusals(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /// Sockets are made by one provider per process, so what is refused at them is told in one place.
  public static Refusals ofProcess() {
    return OF_PROCESS;
  }

  /// Gives lines to `listener`, which must return quickly, until the result is closed.
  public Registration report(Consumer<String> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  /// Somebody did what is refused.
  ///
  /// @param who "192.168.1.7", or as much as is known
  /// @param why what it did, as the end of a sentence; up to the first figure or bracket it names
  ///     the kind
  public void refused(String who, String why) {
    Optional<String> line = line(who, why);
    line.ifPresent(told -> listeners.forEach(listener -> listener.accept(told)));
  }

  private synchronized Optional<String> line(String who, String why) {
    all++;
    long now = nanoTime.getAsLong();
    String kind = kind(why);
    if (!kinds.containsKey(kind) && kinds.size() >= MOST_KINDS) {
      kinds.values().removeIf(told -> isOver(told, now));
      kind = kinds.size() >= MOST_KINDS ? OTHER : kind;
    }
    Told before = kinds.get(kind);
    if (before != null && !isOver(before, now)) {
      before.untold++;
      return Optional.empty();
    }
    kinds.put(kind, new Told(now));
    long untold = before == null ? 0 : before.untold;
    String others = untold == 0 ? "" : " (and %d more since the last such line)".formatted(untold);
    return Optional.of("refused: %s %s%s".formatted(who, why, others));
  }

  private static boolean isOver(Told told, long now) {
    return now - told.at >= PAUSE.toNanos();
  }

  /// What lines of a kind have in common.
  private static String kind(String why) {
    int end = 0;
    while (end < why.length() && why.charAt(end) != '(' && !Character.isDigit(why.charAt(end))) {
      end++;
    }
    return why.substring(0, end);
  }

  /// How much was refused so far, whether a line told of it or not.
  public synchronized long count() {
    return all;
  }

  /// Ends what [#report] began.
  public interface Registration extends AutoCloseable {
    @Override
    void close();
  }
}
