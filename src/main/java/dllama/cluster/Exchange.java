package dllama.cluster;

import dllama.cluster.TensorFrame.Partial;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// Where frames of one epoch meet: the [LayerShard] actor puts them in as they arrive, the compute
/// thread takes them out round by round. Rounds are numbered through the epoch; an all-reduce takes
/// one or two of them, as its [Collective][dllama.shard.Collective] says, the same on all ranks.
///
/// In every round every rank sends a frame to every other one and goes on when it has all of
/// theirs. So a peer can be one round ahead of this rank, never two: it can not finish round r + 1
/// without this rank's own frame of r + 1, which is sent after this rank has finished r. Two places
/// per rank suffice, chosen by the round's parity, whatever the rounds are for. For the same reason
/// a sender may overwrite the buffer of round r when it starts on r + 2: it then has everybody's
/// frame of r + 1, and they sent those after they had got its frame of r.
final class Exchange {
  private final int epoch;
  private final int rank;
  private final int worldSize;
  private final FramePool pool;
  private final AtomicReferenceArray<@Nullable FrameBuffer> places;
  private final AtomicInteger[] arrived = {new AtomicInteger(), new AtomicInteger()};
  private final MemorySegment[] partials;
  private volatile long current;
  private volatile @Nullable String failure;

  Exchange(int epoch, int rank, int worldSize, FramePool pool) {
    this.epoch = epoch;
    this.rank = rank;
    this.worldSize = worldSize;
    this.pool = pool;
    places = new AtomicReferenceArray<>(2 * worldSize);
    partials = new MemorySegment[worldSize];
  }

  /// Takes a peer's partial in; called by the actor.
  ///
  /// @return false if the frame is not one that this rank can be waiting for: another epoch, an
  ///     unknown or doubled sender, a number out of turn; it is then dropped
  boolean put(Partial partial) {
    long ahead = partial.round() - current;
    int from = partial.rank();
    if (partial.epoch() != epoch || from < 0 || from >= worldSize || from == rank) {
      return false;
    }
    if (ahead < 0 || ahead > 1) {
      return false;
    }
    int parity = (int) (partial.round() & 1);
    if (!places.compareAndSet(parity * worldSize + from, null, partial.values())) {
      return false;
    }
    arrived[parity].incrementAndGet();
    return true;
  }

  /// Number of the round that the compute thread is in, or will be in next.
  long current() {
    return current;
  }

  /// Whether all partials of the current round are here, or can not be waited for any more.
  boolean settled() {
    return arrived[(int) (current & 1)].get() == worldSize - 1 || failure != null;
  }

  /// Bytes of a peer's frame of the current round; −1 while it is not here.
  int length(int from) {
    FrameBuffer buffer = places.get((int) (current & 1) * worldSize + from);
    return buffer == null ? -1 : buffer.length();
  }

  /// What all ranks have sent in the current round, in rank order, `own` among it. Valid until the
  /// next call.
  ///
  /// @throws IllegalStateException if one is missing
  MemorySegment[] take(MemorySegment own) {
    int parity = (int) (current & 1);
    for (int from = 0; from < worldSize; from++) {
      FrameBuffer buffer = places.get(parity * worldSize + from);
      if (from == rank) {
        partials[from] = own;
      } else if (buffer == null) {
        throw new IllegalStateException("nothing from rank " + from);
      } else {
        partials[from] = buffer.segment();
      }
    }
    return partials;
  }

  /// Gives the buffers of the current round back and turns to the next one.
  void next() {
    long done = current; // only this thread writes it
    int parity = (int) (done & 1);
    arrived[parity].set(0);
    for (int from = 0; from < worldSize; from++) {
      FrameBuffer buffer = places.getAndSet(parity * worldSize + from, null);
      if (buffer != null) {
        pool.give(buffer);
      }
    }
    current = done + 1;
  }

  /// The first rank, other than this one, whose partial of the current round is missing; −1 if
  /// none is.
  int missingRank() {
    int parity = (int) (current & 1);
    for (int from = 0; from < worldSize; from++) {
      if (from != rank && places.get(parity * worldSize + from) == null) {
        return from;
      }
    }
    return -1;
  }

  /// Ends every wait of this epoch, now and later. The first reason stays.
  void fail(String why) {
    if (failure == null) {
      failure = why;
    }
  }

  @Nullable String failure() {
    return failure;
  }
}
