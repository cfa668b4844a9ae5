package dllama.cluster;

import dllama.cluster.TensorFrame.Partial;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// Where partials of one epoch meet: the [LayerShard] actor puts them in as they arrive, the
/// compute thread takes them out all-reduce by all-reduce.
///
/// A peer can be one all-reduce ahead of this rank, never two: it can not finish number s + 1
/// without this rank's own partial of s + 1. So two places per rank suffice, chosen by the number's
/// parity, and also a sender may overwrite the buffer of number s when it starts on s + 2.
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
    long ahead = partial.sync() - current;
    int from = partial.rank();
    if (partial.epoch() != epoch || from < 0 || from >= worldSize || from == rank) {
      return false;
    }
    if (ahead < 0 || ahead > 1) {
      return false;
    }
    int parity = (int) (partial.sync() & 1);
    if (!places.compareAndSet(parity * worldSize + from, null, partial.values())) {
      return false;
    }
    arrived[parity].incrementAndGet();
    return true;
  }

  /// Number of the all-reduce that the compute thread does now, or will do next.
  long current() {
    return current;
  }

  /// Whether all partials of the current all-reduce are here, or can not be waited for any more.
  boolean settled() {
    return arrived[(int) (current & 1)].get() == worldSize - 1 || failure != null;
  }

  /// The first rank, other than this one, whose partial of the current all-reduce does not have
  /// `bytes` bytes; −1 if all do. Valid once [#settled].
  int misfit(int bytes) {
    for (int from = 0; from < worldSize; from++) {
      int length = length(from);
      if (from != rank && length >= 0 && length != bytes) {
        return from;
      }
    }
    return -1;
  }

  /// Bytes of a peer's partial of the current all-reduce; −1 while it is not here.
  int length(int from) {
    FrameBuffer buffer = places.get((int) (current & 1) * worldSize + from);
    return buffer == null ? -1 : buffer.length();
  }

  /// The partials of the current all-reduce in rank order, `own` among them.
  ///
  /// @param bytes what each must hold
  /// @throws IllegalStateException if one is missing or has another length, see [#misfit]
  MemorySegment[] take(MemorySegment own, int bytes) {
    int parity = (int) (current & 1);
    for (int from = 0; from < worldSize; from++) {
      FrameBuffer buffer = places.get(parity * worldSize + from);
      if (from == rank) {
        partials[from] = own;
      } else if (buffer == null || buffer.length() != bytes) {
        throw new IllegalStateException(
            "partial of rank %d: length=%s, expected %d"
                .formatted(from, buffer == null ? "none" : buffer.length(), bytes));
      } else {
        partials[from] = buffer.segment();
      }
    }
    return partials;
  }

  /// Gives the buffers of the current all-reduce back and turns to the next one.
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

  /// The first rank, other than this one, whose partial of the current all-reduce is missing; −1 if
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
