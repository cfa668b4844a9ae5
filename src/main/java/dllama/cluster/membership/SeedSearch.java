package dllama.cluster.membership;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Looks for a root that listens, so that a worker that has been waiting joins within a fraction of
/// a second of the root's start: Akka's own tries are further apart, and a connection that was
/// refused slows the next one down.
final class SeedSearch implements AutoCloseable {
  private static final Duration INTERVAL = Duration.ofMillis(100);
  private static final Duration CONNECT = Duration.ofSeconds(2);

  private final Runnable found;
  private boolean ended;

  private SeedSearch(Runnable found) {
    this.found = found;
  }

  /// @param found called once, on a thread of its own, when one of the seeds listens
  static SeedSearch start(List<InetSocketAddress> seeds, Runnable found) {
    SeedSearch search = new SeedSearch(found);
    for (InetSocketAddress seed : seeds) {
      Thread.ofVirtual().name("seed-search").start(() -> search.look(seed));
    }
    return search;
  }

  private void look(InetSocketAddress seed) {
    try {
      while (!hasEnded()) {
        if (listens(seed)) {
          found();
        } else {
          TimeUnit.MILLISECONDS.sleep(INTERVAL.toMillis());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean listens(InetSocketAddress seed) {
    try (Socket socket = new Socket()) {
      socket.connect(seed, (int) CONNECT.toMillis());
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private synchronized boolean hasEnded() {
    return ended;
  }

  private synchronized void found() {
    if (!ended) {
      ended = true;
      found.run();
    }
  }

  @Override
  public synchronized void close() {
    ended = true;
  }
}
