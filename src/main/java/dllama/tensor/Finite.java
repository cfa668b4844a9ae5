package dllama.tensor;

import java.lang.foreign.MemorySegment;

/// Tells numbers from what is none: NaN and the infinities, which damaged weights and overflows
/// give and which spread over everything that is computed from them.
public final class Finite {
  private Finite() {}

  /// Whether all of `size` values from `at` on are numbers. Reads them once, four at a time.
  public static boolean all(float[] values, int at, int size) {
    float a = 0; // x · 0 is 0, and NaN for what is no number
    float b = 0;
    float c = 0;
    float d = 0;
    int end = at + size;
    int i = at;
    for (; i <= end - 4; i += 4) {
      a += values[i] * 0;
      b += values[i + 1] * 0;
      c += values[i + 2] * 0;
      d += values[i + 3] * 0;
    }
    for (; i < end; i++) {
      a += values[i] * 0;
    }
    return a + b + (c + d) == 0;
  }

  /// Whether all values of rows `fromRow` ≤ r < `toRow` are numbers; of blocks the scales tell. The
  /// kernels can not: they widen float16 by arithmetic, which makes numbers of NaN and infinities.
  public static boolean all(Matrix matrix, long fromRow, long toRow) {
    return matrix.isFinite(fromRow, toRow);
  }

  /// Whether all values of these rows are numbers that weights of a type can be rounded from.
  public static boolean fit(Matrix matrix, long fromRow, long toRow, DType type) {
    if (type.largest() == Float.MAX_VALUE) {
      return all(matrix, fromRow, toRow);
    }
    int cols = Math.toIntExact(matrix.cols());
    float[] values = new float[cols];
    boolean fit = true;
    for (long row = fromRow; row < toRow && fit; row++) {
      matrix.decode(row, 0, cols, values, 0);
      float max = 0;
      for (float value : values) {
        max = Math.max(max, Math.abs(value)); // NaN stays
      }
      fit = max <= type.largest();
    }
    return fit;
  }

  /// Whether the float16 at every `stride` bytes are numbers.
  static boolean allHalves(MemorySegment values, int stride) {
    return allHalves(values, 0, stride);
  }

  /// The same from byte `first` on.
  static boolean allHalves(MemorySegment values, int first, int stride) {
    int strange = 0;
    for (long at = first; at < values.byteSize(); at += stride) {
      strange |= (Tiles.getShort(values, at) & 0x7c00) + 0x0400;
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
