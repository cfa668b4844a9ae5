package dllama.cluster.wire;

import java.lang.foreign.MemorySegment;

/// Bytes of one frame's tensor data: the array that serializers copy, and the same memory as the
/// segment that kernels read. Belongs to one owner at a time.
public final class FrameBuffer {
  private final byte[] bytes;
  private final MemorySegment segment;
  private int offset;
  private int length;

  /// One for frames of up to so many bytes.
  public FrameBuffer(int capacity) {
    bytes = new byte[capacity];
    segment = MemorySegment.ofArray(bytes);
  }

  private FrameBuffer(FrameBuffer whole) {
    bytes = whole.bytes;
    segment = whole.segment;
  }

  /// Another view of the same memory, to send a part of it.
  public FrameBuffer view() {
    return new FrameBuffer(this);
  }

  /// From now on holds `length` bytes from `from` on.
  public FrameBuffer part(int from, int length) {
    offset = from;
    return withLength(length);
  }

  /// Its memory, all of it.
  public byte[] bytes() {
    return bytes;
  }

  /// The same memory as a segment.
  public MemorySegment segment() {
    return segment;
  }

  /// First byte that holds data; 0 unless this is a [#part].
  public int offset() {
    return offset;
  }

  /// Bytes that hold data, from [#offset] on.
  public int length() {
    return length;
  }

  int capacity() {
    return bytes.length;
  }

  /// From now on holds `newLength` bytes, from [#offset] on.
  public FrameBuffer withLength(int newLength) {
    if (newLength < 0 || newLength > bytes.length - offset) {
      throw new IllegalArgumentException("length=" + newLength + " capacity=" + bytes.length);
    }
    length = newLength;
    return this;
  }
}
