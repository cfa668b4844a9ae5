package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Where things stand in a tile of 32 rows × 32 columns; see [PackedMatrix].
///
/// A tile is a sequence of lines that hold one thing of each of its 32 rows:
///
/// | type | lines | then |
/// |---|---|---|
/// | F32 | 32 × 32 floats, line c = column c | |
/// | F16 | 32 × 32 float16, line c = column c | |
/// | Q80 | 16 × 32 shorts, line k = columns 2k (low byte) and 2k + 1 | 32 scales (float16) |
/// | Q40 | 8 × 32 shorts, line k = columns 4k (lowest nibble) … 4k + 3 | 32 scales (float16) |
///
/// In lines of 16-bit elements, row r and row r + 16 share an int: r is its low half. A vector of
/// ints then gives two vectors of consecutive rows by shifts alone, whatever its width.
final class Tiles {
  static final int ROWS = PackedMatrix.TILE;

  /// Bytes of a line of 16-bit elements.
  static final int LINE = 2 * ROWS;

  static final long Q40_BYTES = 32L * 18;
  static final int Q40_SCALES = 8 * LINE;
  static final long Q80_BYTES = 32L * 34;
  static final int Q80_SCALES = 16 * LINE;
  static final long F16_BYTES = 32L * LINE;
  static final long F32_LINE = 4L * ROWS;
  static final long F32_BYTES = 32L * F32_LINE;

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
