package dllama.cluster.port;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Tells users what was refused at this process's ports, in so few lines that nobody can fill a
/// screen with them: one a minute, with the number of those that were left out. Any thread.
public final class Refusals {
  private static final Refusals OF_PROCESS = new Refusals(System::nanoTime);
  private static final Duration PAUSE = Duration.ofMinutes(1);

  private final LongSupplier nanoTime;
  private final List<Consumer<String>> listeners = new CopyOnWriteArrayList<>();
  private long last;
  private boolean any;
  private long untold;
  private long all;

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
  /// @param why what it did, as the end of a sentence
  public void refused(String who, String why) {
    String line;
    synchronized (this) {
      all++;
      long now = nanoTime.getAsLong();
      if (any && now - last < PAUSE.toNanos()) {
        untold++;
        return;
      }
      String others =
          untold == 0 ? "" : " (and %d more since the last such line)".formatted(untold);
      line = "refused: %s %s%s".formatted(who, why, others);
      any = true;
      last = now;
      untold = 0;
    }
    listeners.forEach(listener -> listener.accept(line));
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
