package dllama.cluster.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Rows of the embedding on their way from the root to all ranks, `[tokens, dim]`, little-endian:
/// as F32, or as bfloat16 where that is the same. Most models are published as bfloat16, and then
/// the lower half of every F32 in their files is zero. The length says which of them a frame has.
///
/// bfloat16 is the upper half of an F32.
public final class InputRows {
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort BF16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int LOWER_HALF = 0xffff;

  private InputRows() {}

  /// Writes the first `count` values of `rows` to `to`.
  ///
  /// @param to has room for all of them as F32
  public static void write(float[] rows, int count, FrameBuffer to) {
    boolean narrow = fitBfloat16(rows, count);
    MemorySegment bytes = to.segment();
    for (int i = 0; i < count; i++) {
      if (narrow) {
        bytes.set(BF16, 2L * i, (short) (Float.floatToRawIntBits(rows[i]) >>> 16));
      } else {
        bytes.set(F32, 4L * i, rows[i]);
      }
    }
    to.withLength(count * (narrow ? Short.BYTES : Float.BYTES));
  }

  private static boolean fitBfloat16(float[] rows, int count) {
    int bits = 0;
    for (int i = 0; i < count; i++) {
      bits |= Float.floatToRawIntBits(rows[i]);
    }
    return (bits & LOWER_HALF) == 0;
  }

  /// Whether a frame has `count` values.
  public static boolean holds(FrameBuffer rows, int count) {
    return rows.length() == (long) count * Short.BYTES
        || rows.length() == (long) count * Float.BYTES;
  }

  /// Reads `count` values from value `from` on, of `all` values, which [#holds].
  public static void read(FrameBuffer rows, int all, int from, int count, float[] to) {
    MemorySegment bytes = rows.segment();
    boolean narrow = rows.length() == (long) all * Short.BYTES;
    for (int i = 0; i < count; i++) {
      long at = (long) from + i;
      to[i] = narrow ? Float.intBitsToFloat(bytes.get(BF16, 2 * at) << 16) : bytes.get(F32, 4 * at);
    }
  }
}
