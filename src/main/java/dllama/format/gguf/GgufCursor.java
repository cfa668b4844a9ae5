package dllama.format.gguf;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dllama.error.UserException;
import dllama.format.file.InputFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Reads a mapped file from its start on. Nothing is read or skipped that is not there: the file is
/// refused, with the place. Not thread-safe.
final class GgufCursor {
  static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final InputFile file;
  private final MemorySegment bytes;
  private long at;
  private String place = "the header";

  GgufCursor(InputFile file, MemorySegment bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  /// Says what is read from here on, for messages.
  void enter(String what) {
    place = what;
  }

  long at() {
    return at;
  }

  MemorySegment bytes() {
    return bytes;
  }

  int int32() {
    return bytes.get(INT, skip(Integer.BYTES));
  }

  long int64() {
    return bytes.get(LONG, skip(Long.BYTES));
  }

  /// A number of things of which each takes at least some bytes of the file, so that it can not be
  /// larger than what follows has room for.
  ///
  /// @param most of them that any file has
  long count(String what, int leastBytes, long most) {
    long count = int64();
    if (count < 0 || count > Math.min(most, remaining() / leastBytes)) {
      throw damaged("has %s %s, which can not be".formatted(Long.toUnsignedString(count), what));
    }
    return count;
  }

  /// A short text, such as a name.
  String name(int longest) {
    long length = length();
    if (length == 0 || length > longest) {
      throw damaged("has a name of %,d bytes; 1 to %d are possible".formatted(length, longest));
    }
    byte[] name = new byte[(int) length];
    MemorySegment.copy(bytes, JAVA_BYTE, skip(length), name, 0, name.length);
    return new String(name, StandardCharsets.UTF_8);
  }

  /// Skips a text.
  void skipString() {
    skip(length());
  }

  private long length() {
    long length = int64();
    if (length < 0 || length > remaining()) {
      throw damaged(
          "has a text of %s bytes, but only %d follow"
              .formatted(Long.toUnsignedString(length), remaining()));
    }
    return length;
  }

  /// Goes on by some bytes.
  ///
  /// @return where they are
  long skip(long length) {
    if (length > remaining()) {
      throw file.damaged("it ends inside " + place);
    }
    long from = at;
    at += length;
    return from;
  }

  private long remaining() {
    return bytes.byteSize() - at;
  }

  /// What is being read contradicts itself.
  UserException damaged(String what) {
    return file.damaged(place + " " + what);
  }
}
