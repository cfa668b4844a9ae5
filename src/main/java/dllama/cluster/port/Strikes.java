package dllama.cluster.port;

import java.net.InetAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/// How often addresses have begun to speak TLS and had no key. A handshake costs the node, on the
/// thread that computes, some milliseconds, so who goes on like that is not listened to for a
/// while. Any thread.
final class Strikes {
  /// Strikes are forgiven at this rate.
  private static final long EVERY = Duration.ofSeconds(1).toNanos();

  private static final int MOST = 10;

  /// Of strangers at all addresses together.
  private static final int MOST_IN_ALL = 50;

  private static final long EVERY_IN_ALL = Duration.ofMillis(200).toNanos();
  private static final int ADDRESSES = 1024;

  private final LongSupplier nanoTime;
  private final Bucket all;
  private final Map<InetAddress, Bucket> byAddress =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<InetAddress, Bucket> eldest) {
          return size() > ADDRESSES;
        }
      };

  /// Fills by one with every strike, and empties with time.
  private static final class Bucket {
    private final int most;
    private final long every;
    private long free; // when it will be empty

    Bucket(int most, long every, long now) {
      this.most = most;
      this.every = every;
      free = now;
    }

    void add(long now) {
      free = (free - now < 0 ? now : free) + every;
    }

    boolean isFull(long now) {
      return free - now > most * every;
    }
  }

  Strikes(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    all = new Bucket(MOST_IN_ALL, EVERY_IN_ALL, nanoTime.getAsLong());
  }

  synchronized void strike(InetAddress address) {
    long now = nanoTime.getAsLong();
    all.add(now);
    byAddress.computeIfAbsent(address, _ -> new Bucket(MOST, EVERY, now)).add(now);
  }

  /// Whether somebody at an address is not listened to now.
  ///
  /// @param known whether a node is connected from there, which others' strikes do not concern
  synchronized boolean isOut(InetAddress address, boolean known) {
    long now = nanoTime.getAsLong();
    Bucket own = byAddress.get(address);
    return (own != null && own.isFull(now)) || (!known && all.isFull(now));
  }
}
