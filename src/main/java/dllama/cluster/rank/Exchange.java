package dllama.cluster.rank;

import dllama.cluster.wire.FrameBuffer;
import dllama.cluster.wire.FramePool;
import dllama.cluster.wire.TensorFrame.Partial;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// Where frames of one epoch meet: the [LayerShard] actor puts them in as they arrive, the compute
/// thread takes them out round by round. Rounds are numbered through the epoch; an all-reduce takes
/// one or two of them, as its [Collective][dllama.engine.Collective] says, the same on all ranks.
///
/// In every round every rank sends a frame to every other one, and finishes the round when it has
/// all of theirs. Two rounds may be under way at once: the frame of round r + 2 is sent only after
/// round r is finished. While this rank waits for round r it has sent nothing of r + 2, so nobody
/// can have finished r + 2, nor have sent r + 4: a peer is three rounds ahead at most, and four
/// places per rank suffice, whatever the rounds are for. For the same reason a sender may overwrite
/// the buffer of round r when it starts on r + 4: it has finished r + 2 then, and others sent it
/// their frames of r + 2 only after they had got its frame of r.
final class Exchange {
  /// Rounds whose frames a rank may have sent without having finished them.
  static final int IN_FLIGHT = 2;

  /// Rounds that are told apart; a power of two.
  static final int PLACES = 2 * IN_FLIGHT;

  private final long epoch;
  private final int rank;
  private final int worldSize;
  private final FramePool pool;
  private final AtomicReferenceArray<@Nullable FrameBuffer> places;
  /// When each frame came, on the clock of `System.nanoTime`; written before it counts as arrived.
  private final long[] arrivedAt;

  private final AtomicInteger[] arrived = new AtomicInteger[PLACES];
  private final MemorySegment[] partials;
  private volatile long current;
  private volatile @Nullable String failure;

  Exchange(long epoch, int rank, int worldSize, FramePool pool) {
    this.epoch = epoch;
    this.rank = rank;
    this.worldSize = worldSize;
    this.pool = pool;
    places = new AtomicReferenceArray<>(PLACES * worldSize);
    arrivedAt = new long[PLACES * worldSize];
    Arrays.setAll(arrived, _ -> new AtomicInteger());
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
    if (ahead < 0 || ahead >= PLACES) {
      return false;
    }
    int place = place(partial.round());
    if (!places.compareAndSet(place * worldSize + from, null, partial.values())) {
      return false;
    }
    arrivedAt[place * worldSize + from] = System.nanoTime();
    arrived[place].incrementAndGet();
    return true;
  }

  /// Which of [#PLACES] places, and of as many send buffers, belongs to a round.
  static int place(long round) {
    return (int) (round & (PLACES - 1));
  }

  /// Number of the round that the compute thread is in, or will be in next.
  long current() {
    return current;
  }

  /// Whether all partials of the current round are here, or can not be waited for any more.
  boolean settled() {
    return arrived[place(current)].get() == worldSize - 1 || failure != null;
  }

  /// Tells how long after `since` each peer's frame of the current round came; all are here.
  void tellLate(long since, PeerWaits to) {
    int first = place(current) * worldSize;
    for (int from = 0; from < worldSize; from++) {
      long late = arrivedAt[first + from] - since;
      if (from != rank && late > 0) {
        to.waited(from, late);
      }
    }
  }

  /// Bytes of a peer's frame of the current round; −1 while it is not here.
  int length(int from) {
    FrameBuffer buffer = places.get(place(current) * worldSize + from);
    return buffer == null ? -1 : buffer.length();
  }

  /// What all ranks have sent in the current round, in rank order, `own` among it. Valid until the
  /// next call.
  ///
  /// @throws IllegalStateException if one is missing
  MemorySegment[] take(MemorySegment own) {
    int place = place(current);
    for (int from = 0; from < worldSize; from++) {
      FrameBuffer buffer = places.get(place * worldSize + from);
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
    int place = place(done);
    arrived[place].set(0);
    for (int from = 0; from < worldSize; from++) {
      FrameBuffer buffer = places.getAndSet(place * worldSize + from, null);
      if (buffer != null) {
        pool.give(buffer);
      }
    }
    current = done + 1;
  }

  /// The first rank, other than this one, whose partial of the current round is missing; −1 if
  /// none is.
  int missingRank() {
    int place = place(current);
    for (int from = 0; from < worldSize; from++) {
      if (from != rank && places.get(place * worldSize + from) == null) {
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
