package dllama.cluster;

import java.lang.foreign.MemorySegment;

/// Bytes of one frame's tensor data: the array that serializers copy, and the same memory as the
/// segment that kernels read. Belongs to one owner at a time.
final class FrameBuffer {
  private final byte[] bytes;
  private final MemorySegment segment;
  private int length;

  FrameBuffer(int capacity) {
    bytes = new byte[capacity];
    segment = MemorySegment.ofArray(bytes);
  }

  byte[] bytes() {
    return bytes;
  }

  MemorySegment segment() {
    return segment;
  }

  /// Bytes that hold data, from 0 on.
  int length() {
    return length;
  }

  int capacity() {
    return bytes.length;
  }

  FrameBuffer withLength(int newLength) {
    if (newLength < 0 || newLength > bytes.length) {
      throw new IllegalArgumentException("length=" + newLength + " capacity=" + bytes.length);
    }
    length = newLength;
    return this;
  }
}
