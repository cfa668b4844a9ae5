package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.ORDER;

import jdk.incubator.vector.FloatVector;

/// Scales sums of [FloatSums] and adds them up, of two vectors of rows and four tokens.
final class FloatScales {
  private static final int ROWS = Tiles.ROWS;
  private static final long LINE = Tiles.F32_LINE;

  /// Bytes of a vector.
  private static final long V = (long) Float.BYTES * F;

  private static final long BUNDLE_SUMS = Activations.BUNDLE * LINE;

  private FloatScales() {}

  /// @param sums `[count, 8 tokens, 32 rows]`, of the first token and row
  /// @param scales of weights, `[count, 32 rows]`
  /// @param xScales of tokens, `[block, 8]`
  /// @param halves 1 where two sums are of a block, otherwise 0
  /// @param acc results, `[tokens, 32 rows]`
  static void add(
      long sums,
      int count,
      long scales,
      float[] xScales,
      int scaleAt,
      int halves,
      float[] acc,
      int accAt) {
    FloatVector a0 = FloatVector.fromArray(FLOATS, acc, accAt);
    FloatVector b0 = FloatVector.fromArray(FLOATS, acc, accAt + F);
    FloatVector a1 = FloatVector.fromArray(FLOATS, acc, accAt + ROWS);
    FloatVector b1 = FloatVector.fromArray(FLOATS, acc, accAt + ROWS + F);
    FloatVector a2 = FloatVector.fromArray(FLOATS, acc, accAt + 2 * ROWS);
    FloatVector b2 = FloatVector.fromArray(FLOATS, acc, accAt + 2 * ROWS + F);
    FloatVector a3 = FloatVector.fromArray(FLOATS, acc, accAt + 3 * ROWS);
    FloatVector b3 = FloatVector.fromArray(FLOATS, acc, accAt + 3 * ROWS + F);
    for (int i = 0; i < count; i++) {
      long from = (sums & ADDRESSES) + i * BUNDLE_SUMS;
      long line = (scales & ADDRESSES) + i * LINE;
      FloatVector u = FloatVector.fromMemorySegment(FLOATS, ALL, line, ORDER);
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, line + V, ORDER);
      int at = scaleAt + (i >> halves) * Activations.BUNDLE;
      FloatVector scale = FloatVector.broadcast(FLOATS, xScales[at]);
      a0 = FloatVector.fromMemorySegment(FLOATS, ALL, from, ORDER).fma(u.mul(scale), a0);
      b0 = FloatVector.fromMemorySegment(FLOATS, ALL, from + V, ORDER).fma(v.mul(scale), b0);
      scale = FloatVector.broadcast(FLOATS, xScales[at + 1]);
      a1 = FloatVector.fromMemorySegment(FLOATS, ALL, from + LINE, ORDER).fma(u.mul(scale), a1);
      b1 =
          FloatVector.fromMemorySegment(FLOATS, ALL, from + (LINE + V), ORDER)
              .fma(v.mul(scale), b1);
      scale = FloatVector.broadcast(FLOATS, xScales[at + 2]);
      a2 = FloatVector.fromMemorySegment(FLOATS, ALL, from + 2 * LINE, ORDER).fma(u.mul(scale), a2);
      b2 =
          FloatVector.fromMemorySegment(FLOATS, ALL, from + (2 * LINE + V), ORDER)
              .fma(v.mul(scale), b2);
      scale = FloatVector.broadcast(FLOATS, xScales[at + 3]);
      a3 = FloatVector.fromMemorySegment(FLOATS, ALL, from + 3 * LINE, ORDER).fma(u.mul(scale), a3);
      b3 =
          FloatVector.fromMemorySegment(FLOATS, ALL, from + (3 * LINE + V), ORDER)
              .fma(v.mul(scale), b3);
    }
    a0.intoArray(acc, accAt);
    b0.intoArray(acc, accAt + F);
    a1.intoArray(acc, accAt + ROWS);
    b1.intoArray(acc, accAt + ROWS + F);
    a2.intoArray(acc, accAt + 2 * ROWS);
    b2.intoArray(acc, accAt + 2 * ROWS + F);
    a3.intoArray(acc, accAt + 3 * ROWS);
    b3.intoArray(acc, accAt + 3 * ROWS + F);
  }

  /// Adds shifts as well.
  ///
  /// @param shifts of weights, like their scales
  /// @param factors what shifts are multiplied with, `[count, 8]`
  static void addShifted(
      long sums,
      int count,
      long scales,
      long shifts,
      float[] xScales,
      int scaleAt,
      int halves,
      float[] factors,
      int factorAt,
      float[] acc,
      int accAt) {
    FloatVector a0 = FloatVector.fromArray(FLOATS, acc, accAt);
    FloatVector b0 = FloatVector.fromArray(FLOATS, acc, accAt + F);
    FloatVector a1 = FloatVector.fromArray(FLOATS, acc, accAt + ROWS);
    FloatVector b1 = FloatVector.fromArray(FLOATS, acc, accAt + ROWS + F);
    FloatVector a2 = FloatVector.fromArray(FLOATS, acc, accAt + 2 * ROWS);
    FloatVector b2 = FloatVector.fromArray(FLOATS, acc, accAt + 2 * ROWS + F);
    FloatVector a3 = FloatVector.fromArray(FLOATS, acc, accAt + 3 * ROWS);
    FloatVector b3 = FloatVector.fromArray(FLOATS, acc, accAt + 3 * ROWS + F);
    for (int i = 0; i < count; i++) {
      long from = (sums & ADDRESSES) + i * BUNDLE_SUMS;
      long line = (scales & ADDRESSES) + i * LINE;
      FloatVector u = FloatVector.fromMemorySegment(FLOATS, ALL, line, ORDER);
      FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, line + V, ORDER);
      line = (shifts & ADDRESSES) + i * LINE;
      FloatVector y = FloatVector.fromMemorySegment(FLOATS, ALL, line, ORDER);
      FloatVector z = FloatVector.fromMemorySegment(FLOATS, ALL, line + V, ORDER);
      int at = scaleAt + (i >> halves) * Activations.BUNDLE;
      FloatVector scale = FloatVector.broadcast(FLOATS, xScales[at]);
      a0 = FloatVector.fromMemorySegment(FLOATS, ALL, from, ORDER).fma(u.mul(scale), a0);
      b0 = FloatVector.fromMemorySegment(FLOATS, ALL, from + V, ORDER).fma(v.mul(scale), b0);
      scale = FloatVector.broadcast(FLOATS, factors[factorAt]);
      a0 = y.fma(scale, a0);
      b0 = z.fma(scale, b0);
      scale = FloatVector.broadcast(FLOATS, xScales[at + 1]);
      a1 = FloatVector.fromMemorySegment(FLOATS, ALL, from + LINE, ORDER).fma(u.mul(scale), a1);
      b1 =
          FloatVector.fromMemorySegment(FLOATS, ALL, from + (LINE + V), ORDER)
              .fma(v.mul(scale), b1);
      scale = FloatVector.broadcast(FLOATS, factors[factorAt + 1]);
      a1 = y.fma(scale, a1);
      b1 = z.fma(scale, b1);
      scale = FloatVector.broadcast(FLOATS, xScales[at + 2]);
      a2 = FloatVector.fromMemorySegment(FLOATS, ALL, from + 2 * LINE, ORDER).fma(u.mul(scale), a2);
      b2 =
          FloatVector.fromMemorySegment(FLOATS, ALL, from + (2 * LINE + V), ORDER)
              .fma(v.mul(scale), b2);
      scale = FloatVector.broadcast(FLOATS, factors[factorAt + 2]);
      a2 = y.fma(scale, a2);
      b2 = z.fma(scale, b2);
      scale = FloatVector.broadcast(FLOATS, xScales[at + 3]);
      a3 = FloatVector.fromMemorySegment(FLOATS, ALL, from + 3 * LINE, ORDER).fma(u.mul(scale), a3);
      b3 =
          FloatVector.fromMemorySegment(FLOATS, ALL, from + (3 * LINE + V), ORDER)
              .fma(v.mul(scale), b3);
      scale = FloatVector.broadcast(FLOATS, factors[factorAt + 3]);
      a3 = y.fma(scale, a3);
      b3 = z.fma(scale, b3);
      factorAt += Activations.BUNDLE;
    }
    a0.intoArray(acc, accAt);
    b0.intoArray(acc, accAt + F);
    a1.intoArray(acc, accAt + ROWS);
    b1.intoArray(acc, accAt + ROWS + F);
    a2.intoArray(acc, accAt + 2 * ROWS);
    b2.intoArray(acc, accAt + 2 * ROWS + F);
    a3.intoArray(acc, accAt + 3 * ROWS);
    b3.intoArray(acc, accAt + 3 * ROWS + F);
  }
}
