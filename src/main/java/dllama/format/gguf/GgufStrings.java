package dllama.format.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/// An array of texts that stays in the mapped file: only where each begins is kept, because a
/// vocabulary with its merges has half a million. Readable from any thread while the file is open.
public final class GgufStrings {
  private final MemorySegment bytes;
  private final long[] offsets;

  /// @param bytes whole file; the texts were found to lie in it
  /// @param from where the length of the first text is
  GgufStrings(MemorySegment bytes, long from, int size) {
    this.bytes = bytes;
    this.offsets = new long[size];
    long at = from;
    for (int i = 0; i < size; i++) {
      offsets[i] = at;
      at += Long.BYTES + bytes.get(GgufCursor.LONG, at);
    }
  }

  /// How many there are.
  public int size() {
    return offsets.length;
  }

  /// A copy of the bytes of one; they need not be UTF-8.
  public byte[] bytes(int index) {
    long offset = offsets[index];
    byte[] text = new byte[Math.toIntExact(bytes.get(GgufCursor.LONG, offset))];
    MemorySegment.copy(bytes, JAVA_BYTE, offset + Long.BYTES, text, 0, text.length);
    return text;
  }

  /// One as text; bytes that are not UTF-8 become U+FFFD.
  public String get(int index) {
    return new String(bytes(index), StandardCharsets.UTF_8);
  }
}
