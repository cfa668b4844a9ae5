package dllama.cluster.port;

import java.net.InetAddress;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The connections of one listening socket, and their limits. Whoever comes to speak does so at
/// once, so where too many keep the node waiting the one that has waited longest goes: a flood of
/// idle connections does not keep a node out. Any thread.
final class Gate {
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
  private final SilentCallers silent = new SilentCallers();

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
      refused(full.oldest.peer(), "opens connections and says nothing");
      full.oldest.end();
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

  /// A connection turns out to be a node's.
  synchronized void known(GuardedChannel channel) {
    silent.known(channel.peer(), System.nanoTime());
  }

  /// A connection is closed.
  synchronized void forget(GuardedChannel channel) {
    if (open.remove(channel)) {
      buffered.addAndGet(-channel.unfinishedBytes());
      if (channel.isStranger()) {
        strikes.strike(channel.peer());
      }
      if (channel.isGreeted()) {
        known(channel);
      } else if (!channel.isEnded()) {
        silent.silent(channel.peer(), channel.openedAt());
      }
    }
  }

  /// The bytes of unfinished frames are more, or fewer, by `change`.
  void buffered(int change) {
    if (buffered.addAndGet(change) > limits.bufferedBytes && change > 0) {
      relieve();
    }
  }

  private synchronized void relieve() {
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

  /// Ends what has kept this node waiting for too long, and tells of those whom nobody knows.
  synchronized void sweep() {
    long deadline = System.nanoTime() - limits.patience.toNanos();
    for (GuardedChannel channel : open) {
      if (channel.isGreeted()) {
        known(channel);
      }
      if (!channel.isEnded() && channel.isOverdue(deadline)) {
        hangUp(channel);
      }
    }
    silent
        .overdue(deadline)
        .forEach(address -> refused(address, "connects and does not say who it is"));
  }

  private void hangUp(GuardedChannel waiting) {
    if (waiting.isGreeted()) {
      refused(waiting.peer(), "stops in the middle of a frame");
    } else {
      silent.silent(waiting.peer(), waiting.openedAt());
    }
    waiting.end();
  }

  /// A connection ends for what it sent.
  synchronized void refused(GuardedChannel channel, ByteCheck check) {
    String why = check.objection();
    refused(channel.peer(), why == null ? "repeats what was said over another connection" : why);
  }

  synchronized void refused(GuardedChannel channel, String why) {
    refused(channel.peer(), why);
  }

  private void refused(InetAddress address, String why) {
    silent.known(address, System.nanoTime()); // for something else than silence
    refusals.refused(address.getHostAddress(), why);
  }
}
