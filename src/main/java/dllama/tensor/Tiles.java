package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Where things stand in a tile of 32 rows × 32 columns; see [PackedMatrix].
///
/// A tile is a sequence of lines that hold one thing of each of its 32 rows, such as four columns'
/// nibbles or a scale; which, is a matter of the type ([DType]).
///
/// In lines of 16-bit elements, row r and row r + 16 share an int: r is its low half. A vector of
/// ints then gives two vectors of consecutive rows by shifts alone, whatever its width.
final class Tiles {
  static final int ROWS = PackedMatrix.TILE;
  static final int COLS = PackedMatrix.TILE;

  /// Bytes of a line of 16-bit elements.
  static final int LINE = 2 * ROWS;

  /// Bytes of a line of floats.
  static final long F32_LINE = 4L * ROWS;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Tiles() {}

  /// Index of a row in a line of 16-bit elements.
  static int lane(int row) {
    return (row & 15) * 2 + (row >> 4);
  }

  /// Value of a float16. What would be an infinity or NaN counts as the finite number that one more
  /// exponent gives (65536 and more), so that two shifts and a multiplication convert a vector.
  static float half(short bits) {
    float magnitude = Float.intBitsToFloat((bits & 0x7fff) << 13) * 0x1p112f;
    return bits < 0 ? -magnitude : magnitude;
  }

  static short getShort(MemorySegment from, long at) {
    return from.get(SHORT, at);
  }

  static void putShort(MemorySegment to, long at, short value) {
    to.set(SHORT, at, value);
  }

  static int getInt(MemorySegment from, long at) {
    return from.get(INT, at);
  }

  static void putInt(MemorySegment to, long at, int value) {
    to.set(INT, at, value);
  }

  static float getFloat(MemorySegment from, long at) {
    return from.get(FLOAT, at);
  }

  static void putFloat(MemorySegment to, long at, float value) {
    to.set(FLOAT, at, value);
  }
}
