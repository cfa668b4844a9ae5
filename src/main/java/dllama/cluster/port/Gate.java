package dllama.cluster.port;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The connections of one listening socket, and their limits. Whoever comes to speak does so at
/// once, so where too many keep the node waiting the one that has waited longest goes: a flood of
/// idle connections does not keep a node out. Any thread.
final class Gate {
  private static final Logger log = LoggerFactory.getLogger(Gate.class);

  /// @param greetingPerAddress connections from one address that have not sent a frame yet
  /// @param greeting of these in all
  /// @param perAddress connections from one address
  /// @param total connections in all: two for every other node of the largest world, and some
  /// @param patience how long a first frame, or the rest of a frame, may be waited for
  /// @param bufferedBytes of unfinished frames in all
  record Limits(
      int greetingPerAddress,
      int greeting,
      int perAddress,
      int total,
      Duration patience,
      long bufferedBytes) {
    static Limits usual() {
      long bytes = Runtime.getRuntime().maxMemory() / 8;
      return new Limits(64, 256, 256, 4096, Duration.ofSeconds(30), bytes);
    }
  }

  private final Limits limits;
  private final Refusals refusals;
  private final Set<GuardedChannel> open = ConcurrentHashMap.newKeySet();
  private final AtomicLong buffered = new AtomicLong();
  private final Strikes strikes = new Strikes(System::nanoTime);

  Gate(Limits limits, Refusals refusals) {
    this.limits = limits;
    this.refusals = refusals;
  }

  /// Whether a new connection may stay.
  synchronized boolean admit(GuardedChannel arrival) {
    InetAddress address = arrival.peer();
    Count all = new Count();
    Count same = new Count();
    for (GuardedChannel channel : open) {
      all.add(channel);
      if (channel.peer().equals(address)) {
        same.add(channel);
      }
    }
    if (same.channels >= limits.perAddress || all.channels >= limits.total) {
      refused(address, "opens more connections than a node does");
      return false;
    }
    // This machine's own programs have its processor anyway.
    if (!address.isLoopbackAddress() && strikes.isOut(address, same.channels > same.greeting)) {
      refused(address, "tries again and again without the cluster key");
      return false;
    }
    Count full = same.greeting >= limits.greetingPerAddress ? same : all;
    int most = full == same ? limits.greetingPerAddress : limits.greeting;
    if (full.greeting >= most && full.oldest != null) {
      hangUp(full.oldest);
    }
    open.add(arrival);
    return true;
  }

  /// Connections that have not been ended, and those that have not sent a frame yet.
  private static final class Count {
    int channels;
    int greeting;
    @Nullable GuardedChannel oldest;

    void add(GuardedChannel channel) {
      if (channel.isEnded()) {
        return;
      }
      channels++;
      if (!channel.isGreeted()) {
        greeting++;
        if (oldest == null || channel.openedAt() - oldest.openedAt() < 0) {
          oldest = channel;
        }
      }
    }
  }

  /// A connection is closed.
  void forget(GuardedChannel channel) {
    if (open.remove(channel)) {
      buffered.addAndGet(-channel.unfinishedBytes());
      if (channel.isStranger()) {
        strikes.strike(channel.peer());
      }
    }
  }

  /// The bytes of unfinished frames are more, or fewer, by `change`.
  void buffered(int change) {
    if (buffered.addAndGet(change) > limits.bufferedBytes && change > 0) {
      relieve();
    }
  }

  private void relieve() {
    GuardedChannel longest = null;
    for (GuardedChannel channel : open) {
      if (channel.unfinishedBytes() > 0
          && !channel.isEnded()
          && (longest == null || channel.waitingSince() - longest.waitingSince() < 0)) {
        longest = channel;
      }
    }
    if (longest != null) {
      refused(longest.peer(), "fills the memory with frames that do not end");
      longest.end();
    }
  }

  /// Ends what has kept this node waiting for too long.
  void sweep() {
    long deadline = System.nanoTime() - limits.patience.toNanos();
    for (GuardedChannel channel : open) {
      if (!channel.isEnded() && channel.isOverdue(deadline)) {
        hangUp(channel);
      }
    }
  }

  private static void hangUp(GuardedChannel silent) {
    log.debug("hung up on {}, which says nothing", silent.peer().getHostAddress());
    silent.end();
  }

  /// A connection ends for what it sent. Nobody is told of those that took this port for another
  /// one, such as port scanners.
  void refused(GuardedChannel channel, ByteCheck check) {
    String why = check.objection();
    if (why == null) {
      why = "repeats what was said over another connection";
    }
    if (check.isForeign()) {
      log.debug("hung up on {}, which {}", channel.peer().getHostAddress(), why);
    } else {
      refused(channel.peer(), why);
    }
  }

  void refused(GuardedChannel channel, String why) {
    refused(channel.peer(), why);
  }

  private void refused(InetAddress address, String why) {
    refusals.refused(address.getHostAddress(), why);
  }
}
