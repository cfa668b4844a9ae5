package dllama.cluster.rank;

import dllama.cluster.wire.RankWaits;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.LongStream;

/// How long a rank has waited for each other one in an epoch. The compute thread adds, with neither
/// locks nor allocation; any thread may look.
final class PeerWaits {
  private final long epoch;

  /// By rank; the last one is the time of steps.
  private final AtomicLongArray nanos;

  PeerWaits(long epoch, int worldSize) {
    this.epoch = epoch;
    nanos = new AtomicLongArray(worldSize + 1);
  }

  /// A frame of `peer` came so long after this rank had begun to wait.
  void waited(int peer, long time) {
    nanos.lazySet(peer, nanos.getPlain(peer) + time); // nobody else writes
  }

  /// A step has taken so long.
  void stepped(long time) {
    waited(nanos.length() - 1, time);
  }

  /// What there is so far.
  RankWaits now() {
    long steps = nanos.get(nanos.length() - 1); // first: what is waited in a step comes before
    return new RankWaits(
        epoch,
        steps,
        LongStream.range(0, nanos.length() - 1).map(i -> nanos.get((int) i)).boxed().toList());
  }
}
