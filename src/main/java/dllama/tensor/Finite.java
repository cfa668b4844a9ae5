package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Tells numbers from what is none: NaN and the infinities, which damaged weights and overflows
/// give and which spread over everything that is computed from them.
public final class Finite {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Finite() {}

  /// Whether all of `size` values from `at` on are numbers. Reads them once, four at a time.
  public static boolean all(float[] values, int at, int size) {
    float a = 0; // 0 · x is 0, and NaN for what is no number
    float b = 0;
    float c = 0;
    float d = 0;
    int end = at + size;
    int i = at;
    for (; i <= end - 4; i += 4) {
      a += 0 * values[i];
      b += 0 * values[i + 1];
      c += 0 * values[i + 2];
      d += 0 * values[i + 3];
    }
    for (; i < end; i++) {
      a += 0 * values[i];
    }
    return a + b + (c + d) == 0;
  }

  /// Whether all values of rows `fromRow` ≤ r < `toRow` are numbers; of blocks the scales tell. The
  /// kernels can not: they widen float16 by arithmetic, which makes numbers of NaN and infinities.
  public static boolean all(Matrix matrix, long fromRow, long toRow) {
    long rowBytes = matrix.dtype().byteSize(matrix.cols());
    MemorySegment rows = matrix.data().asSlice(fromRow * rowBytes, (toRow - fromRow) * rowBytes);
    return switch (matrix.dtype()) {
      case F32 -> allFloats(rows);
      case F16 -> allShorts(rows, Short.BYTES);
      case Q40, Q80 -> allShorts(rows, matrix.dtype().blockBytes());
    };
  }

  private static boolean allFloats(MemorySegment values) {
    int strange = 0; // the sign is set by an exponent of ones only
    for (long at = 0; at < values.byteSize(); at += Float.BYTES) {
      strange |= (values.get(INT, at) & 0x7f800000) + 0x00800000;
    }
    return strange >= 0;
  }

  private static boolean allShorts(MemorySegment values, int stride) {
    int strange = 0;
    for (long at = 0; at < values.byteSize(); at += stride) {
      strange |= (values.get(SHORT, at) & 0x7c00) + 0x0400;
    }
    return (strange & 0x8000) == 0;
  }

  /// The first of `size` values from `at` on that is no number, counted from `at`; −1 if all are.
  public static int firstOther(float[] values, int at, int size) {
    for (int i = 0; i < size; i++) {
      if (!Float.isFinite(values[at + i])) {
        return i;
      }
    }
    return -1;
  }
}
