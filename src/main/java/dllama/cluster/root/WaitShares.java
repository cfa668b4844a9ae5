package dllama.cluster.root;

import dllama.cluster.wire.RankWaits;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.Stream;

/// Which part of the time of steps others wait for each rank: over the last ten seconds in which
/// there were steps. Made of what all ranks tell of their waiting for partials, and of what the
/// root sees of logits. Owned by [RootCoordinator].
///
/// The share of rank k is the mean, over all other ranks, of the time that they waited for frames
/// of k, through the time of their steps, and to this is added how long the root waited for its
/// logits. What the network takes is part of it: in a world of like nodes all shares are alike.
/// Times are those of `System.nanoTime`.
final class WaitShares {
  private static final int KEPT = 10;
  private static final long APART = Duration.ofSeconds(1).toNanos();

  private long epoch;
  private List<Told> ranks = List.of();
  private long[] lateLogits = {};

  /// What the root has waited for logits, by rank.
  private long[] logits = {};

  private long stepNanos;

  /// What one rank has told: the latest, and before it one of each second, the oldest first.
  private static final class Told {
    final Deque<Sample> samples = new ArrayDeque<>();
    Sample latest;

    Told(Sample first) {
      latest = first;
      samples.add(first);
    }

    /// @param now when it came
    void add(RankWaits waits, long[] logits, long rootNanos, long now) {
      boolean worked = waits.stepNanos() > samples.getLast().waits.stepNanos();
      latest = new Sample(waits, logits, rootNanos, now);
      if (worked && now - samples.getLast().at >= APART) {
        samples.add(latest);
        if (samples.size() > KEPT) {
          samples.removeFirst();
        }
      }
    }
  }

  /// @param logits what the root had waited for them until then, and `rootNanos` the time of its
  ///     steps; empty but for rank 0
  private record Sample(RankWaits waits, long[] logits, long rootNanos, long at) {}

  /// A world begins, in which nobody has waited yet.
  void reset(long ofWorld, int size, long now) {
    epoch = ofWorld;
    lateLogits = new long[size];
    logits = new long[size];
    stepNanos = 0;
    RankWaits nothing = new RankWaits(ofWorld, 0, Stream.generate(() -> 0L).limit(size).toList());
    ranks =
        Stream.generate(() -> new Told(new Sample(nothing, new long[size], 0, now)))
            .limit(size)
            .toList();
  }

  /// A rank tells what it has waited so far; what can not be is passed over.
  void told(int rank, RankWaits waits, long now) {
    if (waits.epoch() == epoch && waits.nanos().size() == ranks.size() && rank < ranks.size()) {
      ranks.get(rank).add(waits, rank == 0 ? logits.clone() : NOTHING, stepNanos, now);
    }
  }

  private static final long[] NOTHING = {};

  /// Logits of a rank came so long after the root had computed the step; the last ones count.
  void logitsLate(int rank, long nanos) {
    lateLogits[rank] = nanos;
  }

  /// A step is done that has taken so long.
  void stepped(long nanos) {
    stepNanos += nanos;
    for (int rank = 0; rank < logits.length; rank++) {
      logits[rank] += lateLogits[rank];
      lateLogits[rank] = 0;
    }
  }

  /// The share of a rank, 0 to 1; empty while nothing was computed, or where there is no other.
  OptionalDouble of(int rank) {
    if (ranks.size() < 2) {
      return OptionalDouble.empty();
    }
    OptionalDouble partials =
        Stream.iterate(0, other -> other < ranks.size(), other -> other + 1)
            .filter(other -> other != rank)
            .flatMapToDouble(other -> waited(ranks.get(other), rank).stream())
            .average();
    return partials.isEmpty()
        ? partials
        : OptionalDouble.of(Math.min(1, partials.getAsDouble() + ofLogits(rank)));
  }

  private static OptionalDouble waited(Told by, int rank) {
    Sample from = by.samples.getFirst();
    long steps = by.latest.waits.stepNanos() - from.waits.stepNanos();
    long nanos = by.latest.waits.nanos().get(rank) - from.waits.nanos().get(rank);
    return steps <= 0 ? OptionalDouble.empty() : OptionalDouble.of(part(nanos, steps));
  }

  private double ofLogits(int rank) {
    Told root = ranks.getFirst();
    Sample from = root.samples.getFirst();
    long nanos = root.latest.rootNanos - from.rootNanos;
    return nanos <= 0 ? 0 : part(root.latest.logits[rank] - from.logits[rank], nanos);
  }

  /// Nothing from the network is trusted.
  private static double part(long nanos, long of) {
    return Math.clamp((double) nanos / of, 0, 1);
  }
}
