package dllama.cluster.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Rows of the embedding on their way from the root to all ranks, `[tokens, dim]`, little-endian:
/// as F32, or as bfloat16 where that is the same. Most models are published as bfloat16, and then
/// the lower half of every F32 in their files is zero. Behind them, where layers are given
/// something of each token, the rows of that as they stand in the model's file. The length says
/// which of the two types the rows have.
///
/// bfloat16 is the upper half of an F32.
public final class InputRows {
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort BF16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int LOWER_HALF = 0xffff;

  private InputRows() {}

  /// Writes the first `count` values of `rows` to `to`, and `bytes` of `layerRows` behind them.
  ///
  /// @param to has room for all of them as F32
  public static void write(
      float[] rows, int count, MemorySegment layerRows, int bytes, FrameBuffer to) {
    boolean narrow = fitBfloat16(rows, count);
    MemorySegment frame = to.segment();
    for (int i = 0; i < count; i++) {
      if (narrow) {
        frame.set(BF16, 2L * i, (short) (Float.floatToRawIntBits(rows[i]) >>> 16));
      } else {
        frame.set(F32, 4L * i, rows[i]);
      }
    }
    int end = count * (narrow ? Short.BYTES : Float.BYTES);
    MemorySegment.copy(layerRows, 0, frame, end, bytes);
    to.withLength(end + bytes);
  }

  private static boolean fitBfloat16(float[] rows, int count) {
    int bits = 0;
    for (int i = 0; i < count; i++) {
      bits |= Float.floatToRawIntBits(rows[i]);
    }
    return (bits & LOWER_HALF) == 0;
  }

  /// Whether a frame has `count` values, and so many bytes behind them.
  public static boolean holds(FrameBuffer rows, int count, int bytes) {
    return rows.length() == (long) count * Short.BYTES + bytes
        || rows.length() == (long) count * Float.BYTES + bytes;
  }

  /// Reads `count` values from value `from` on, of `all` values, with which and `bytes` behind them
  /// [#holds].
  public static void read(FrameBuffer rows, int all, int bytes, int from, int count, float[] to) {
    MemorySegment frame = rows.segment();
    boolean narrow = rows.length() - bytes == (long) all * Short.BYTES;
    for (int i = 0; i < count; i++) {
      long at = (long) from + i;
      to[i] = narrow ? Float.intBitsToFloat(frame.get(BF16, 2 * at) << 16) : frame.get(F32, 4 * at);
    }
  }

  /// Reads `count` of the `bytes` behind all values, from byte `from` of them on.
  public static void readLayerRows(
      FrameBuffer rows, int bytes, int from, int count, MemorySegment to) {
    MemorySegment.copy(rows.segment(), rows.length() - bytes + (long) from, to, 0, count);
  }
}
