package dllama.cluster;

import dllama.tensor.WeightMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The slice of weights that this process holds. Outlives actor systems: a worker that lost its
/// root and joins the next one need not be sent the same bytes again.
///
/// Thread-safe; the memory itself belongs to the compute thread.
final class SliceStore implements AutoCloseable {
  record Slice(String key, Arena arena, MemorySegment memory) {}

  private @Nullable Slice slice;
  private boolean complete;

  /// Keys of slices that need not be sent again.
  synchronized List<String> held() {
    return slice != null && complete ? List.of(slice.key()) : List.of();
  }

  /// The memory of slice `key`: what is held if it is that one and complete, otherwise new memory
  /// in place of it.
  ///
  /// @return whether the slice is complete already
  synchronized boolean open(String key, long bytes) {
    if (slice != null && complete && slice.key().equals(key)) {
      return true;
    }
    close();
    Arena arena = Arena.ofShared();
    slice = new Slice(key, arena, WeightMemory.allocate(bytes, arena));
    return false;
  }

  synchronized MemorySegment memory() {
    if (slice == null) {
      throw new IllegalStateException("no slice is open");
    }
    return slice.memory();
  }

  synchronized void completed() {
    complete = true;
  }

  @Override
  public synchronized void close() {
    if (slice != null) {
      slice.arena().close();
    }
    slice = null;
    complete = false;
  }
}
