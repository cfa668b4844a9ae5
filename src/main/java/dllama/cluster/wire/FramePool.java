package dllama.cluster.wire;

import java.util.concurrent.atomic.AtomicReferenceArray;

/// Receive buffers of one node, so that a frame that arrives allocates no array: the serializer
/// takes one, and who consumed the frame gives it back. Lock-free; any thread.
///
/// A buffer that is never given back (its frame was dropped) is simply collected.
public final class FramePool {
  private final AtomicReferenceArray<FrameBuffer> free;

  /// One that keeps so many buffers at most.
  public FramePool(int slots) {
    free = new AtomicReferenceArray<>(slots);
  }

  /// A buffer of at least `length` bytes; its length is set to `length`.
  public FrameBuffer take(int length) {
    for (int slot = 0; slot < free.length(); slot++) {
      FrameBuffer buffer = free.getPlain(slot);
      if (buffer != null && buffer.capacity() >= length && free.compareAndSet(slot, buffer, null)) {
        return buffer.withLength(length);
      }
    }
    return new FrameBuffer(length).withLength(length);
  }

  /// Gives a buffer back; drops a smaller one in its favour when the pool is full.
  public void give(FrameBuffer buffer) {
    for (int slot = 0; slot < free.length(); slot++) {
      if (free.getPlain(slot) == null && free.compareAndSet(slot, null, buffer)) {
        return;
      }
    }
    for (int slot = 0; slot < free.length(); slot++) {
      FrameBuffer held = free.getPlain(slot);
      if (held != null
          && held.capacity() < buffer.capacity()
          && free.compareAndSet(slot, held, buffer)) {
        return;
      }
    }
  }
}
