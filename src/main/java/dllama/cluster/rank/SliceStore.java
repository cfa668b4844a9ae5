package dllama.cluster.rank;

import dllama.slice.SliceArrival;
import dllama.slice.SliceCache;
import dllama.tensor.WeightMemory;
import dllama.tensor.WorkerPool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/// The slice of weights that this process holds in memory, and those in the cache folder behind it.
/// Outlives actor systems: a worker that lost its root and joins the next one need not be sent the
/// same bytes again.
///
/// Thread-safe; the memory itself belongs to the compute thread.
public final class SliceStore implements AutoCloseable {
  /// @param keep whether it may be written to the cache folder, and read from there
  record Slice(String key, boolean keep, Arena arena, MemorySegment memory) {}

  private final SliceCache cache;
  private final LongPredicate maps;
  private @Nullable Slice slice;
  private boolean complete;
  private @Nullable PageGathering gathering;

  /// @param maps whether a slice of so many bytes is left in its file, if it has one
  SliceStore(SliceCache cache, LongPredicate maps) {
    this.cache = cache;
    this.maps = maps;
  }

  /// Keys of slices in memory.
  public synchronized List<String> held() {
    return slice != null && complete ? List.of(slice.key()) : List.of();
  }

  /// Keys of slices in the cache folder.
  public List<String> cached() {
    return cache.keys();
  }

  /// Has a slice come into the cache folder, for which what is in use now does not go.
  ///
  /// @return empty if nothing is kept here
  Optional<SliceArrival> arrival(String key, long bytes, SliceArrival.Listener listener) {
    held().forEach(cache::inUse);
    return cache.arrival(key, bytes, listener);
  }

  /// The memory of slice `key`: what is held if it is that one and complete, otherwise new memory
  /// in place of it.
  ///
  /// @return whether the slice is complete already
  synchronized boolean open(String key, boolean keep, long bytes) {
    if (slice != null && complete && slice.key().equals(key)) {
      return true;
    }
    close();
    Arena arena = Arena.ofShared();
    slice = new Slice(key, keep, arena, WeightMemory.allocateForNow(bytes, arena));
    return false;
  }

  /// Fills the open slice from the cache folder, or has it mapped in its memory's place, none of
  /// which is touched then. Compute thread only.
  ///
  /// @param progress is told the number of bytes done so far
  /// @return whether it is complete now
  boolean readCache(WorkerPool pool, LongConsumer progress) {
    Slice open = opened();
    boolean there =
        open.keep()
            && (maps.test(open.memory().byteSize())
                ? map(open, pool, progress)
                : read(open, pool, progress));
    if (!there) {
      WeightMemory.useHugePages(open.memory());
    }
    return there;
  }

  private boolean map(Slice open, WorkerPool pool, LongConsumer progress) {
    var mapped = cache.map(open.key(), open.memory().byteSize(), open.arena(), pool, progress);
    mapped.ifPresent(in -> filled(new Slice(open.key(), true, open.arena(), in)));
    return mapped.isPresent();
  }

  private boolean read(Slice open, WorkerPool pool, LongConsumer progress) {
    boolean later = WeightMemory.canGather();
    if (!later) {
      WeightMemory.useHugePages(open.memory());
    }
    boolean read = cache.read(open.key(), open.memory(), pool, progress);
    if (read) {
      filled(open);
    }
    if (read && later) {
      gatherPages(open);
    }
    return read;
  }

  private synchronized void gatherPages(Slice full) {
    gathering = PageGathering.start(full.memory());
  }

  /// Waits until the slice has the pages that it will have, for no longer than this. Any thread.
  void awaitPages(Duration limit) throws InterruptedException {
    PageGathering present;
    synchronized (this) {
      present = gathering;
    }
    if (present != null) {
      present.await(limit);
    }
  }

  private synchronized void filled(Slice full) {
    slice = full;
    complete = true;
  }

  MemorySegment memory() {
    return opened().memory();
  }

  private synchronized Slice opened() {
    if (slice == null) {
      throw new IllegalStateException("no slice is open");
    }
    return slice;
  }

  /// The open slice is filled from the model; it is written to the cache folder in the background.
  synchronized void completed() {
    complete = true;
    Slice full = opened();
    if (full.keep()) {
      cache.write(full.key(), full.memory());
    }
  }

  @Override
  public synchronized void close() {
    if (gathering != null) {
      gathering.close();
      gathering = null;
    }
    if (slice != null && cache.drop()) {
      slice.arena().close();
    }
    slice = null;
    complete = false;
  }
}
