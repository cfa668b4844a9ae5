package dllama.cluster;

import java.lang.foreign.MemorySegment;

/// Bytes of one frame's tensor data: the array that serializers copy, and the same memory as the
/// segment that kernels read. Belongs to one owner at a time.
final class FrameBuffer {
  private final byte[] bytes;
  private final MemorySegment segment;
  private int offset;
  private int length;

  FrameBuffer(int capacity) {
    bytes = new byte[capacity];
    segment = MemorySegment.ofArray(bytes);
  }

  private FrameBuffer(FrameBuffer whole) {
    bytes = whole.bytes;
    segment = whole.segment;
  }

  /// Another view of the same memory, to send a part of it.
  FrameBuffer view() {
    return new FrameBuffer(this);
  }

  /// From now on holds `length` bytes from `from` on.
  FrameBuffer part(int from, int length) {
    offset = from;
    return withLength(length);
  }

  byte[] bytes() {
    return bytes;
  }

  MemorySegment segment() {
    return segment;
  }

  /// First byte that holds data; 0 unless this is a [#part].
  int offset() {
    return offset;
  }

  /// Bytes that hold data, from [#offset] on.
  int length() {
    return length;
  }

  int capacity() {
    return bytes.length;
  }

  FrameBuffer withLength(int newLength) {
    if (newLength < 0 || newLength > bytes.length - offset) {
      throw new IllegalArgumentException("length=" + newLength + " capacity=" + bytes.length);
    }
    length = newLength;
    return this;
  }
}
