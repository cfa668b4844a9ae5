package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.shorts;
import static dllama.tensor.Vectors.tinyHighHalf;
import static dllama.tensor.Vectors.tinyLowHalf;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// As [Q4_0PrefillScales], of weights with shifts.
///
/// Sums are of nibbles less 8, so 8 scales go into a shift.
final class ShiftedScales {
  private static final float REBIAS = Vectors.REBIAS;

  /// What makes a scale 2^-16 times one; see [Q4_0PrefillScales].
  private static final float TINY = 0x1p-16f;

  private static final int ROWS = Tiles.ROWS;
  private static final long NEXT = Tiles.F32_LINE;
  private static final int HIGH = ROWS / 2;
  private static final long SUM = (long) Short.BYTES * L;
  private static final long BLOCK_SUMS = Q4_0Prefill.BLOCK_SUMS;
  private static final long LINES = TilePlanes.FOUR.bytes();
  private static final long HALVES_BYTES = LINES + 2L * Tiles.LINE;

  private ShiftedScales() {}

  /// Scales and shifts of one vector of rows of `count` blocks, `[block, 2, L / 2]`, of
  /// [TileScales#HALF_AND_SHIFT].
  static void ofHalves(long at, int count, float[] scales, float[] shifts) {
    FloatVector eight = FloatVector.broadcast(FLOATS, 8);
    FloatVector tiny = FloatVector.broadcast(FLOATS, TINY);
    FloatVector rebias = FloatVector.broadcast(FLOATS, REBIAS);
    for (int b = 0; b < count; b++) {
      long lines = at + b * HALVES_BYTES + LINES;
      IntVector first = shorts(lines).reinterpretAsInts();
      IntVector second = shorts(lines + Tiles.LINE).reinterpretAsInts();
      FloatVector scale = tinyLowHalf(first).mul(rebias);
      scale.mul(tiny).intoArray(scales, b * L);
      scale.fma(eight, tinyLowHalf(second).mul(rebias)).intoArray(shifts, b * L);
      scale = tinyHighHalf(first).mul(rebias);
      scale.mul(tiny).intoArray(scales, b * L + L / 2);
      scale.fma(eight, tinyHighHalf(second).mul(rebias)).intoArray(shifts, b * L + L / 2);
    }
  }

  /// The same of [TileScales#PRODUCT_AND_SHIFT].
  ///
  /// @param at of the own line of the first tile, and bytes to the next
  /// @param shared float16 as floats, likewise ([CodeScales#sharedOfVector])
  /// @param to index of the first scale and shift
  static void ofProducts(
      long at,
      int step,
      long shared,
      long sharedStep,
      int count,
      float[] scales,
      float[] shifts,
      int to) {
    FloatVector eight = FloatVector.broadcast(FLOATS, 8);
    FloatVector tiny = FloatVector.broadcast(FLOATS, TINY);
    IntVector bytes = IntVector.broadcast(INTS, 0xff);
    for (int b = 0; b < count; b++, at += step, shared += sharedStep, to += L) {
      IntVector factors = IntVector.fromMemorySegment(INTS, ALL, at & ADDRESSES, ORDER);
      long halves = shared & ADDRESSES;
      FloatVector factor = (FloatVector) factors.and(bytes).convertShape(I2F, FLOATS, 0);
      FloatVector scale = FloatVector.fromMemorySegment(FLOATS, ALL, halves, ORDER).mul(factor);
      scale.mul(tiny).intoArray(scales, to);
      factor = (FloatVector) factors.lanewise(LSHR, 8).and(bytes).convertShape(I2F, FLOATS, 0);
      FloatVector shift =
          FloatVector.fromMemorySegment(FLOATS, ALL, halves + NEXT, ORDER).mul(factor);
      scale.fma(eight, shift).intoArray(shifts, to);
      factor = (FloatVector) factors.lanewise(LSHR, 16).and(bytes).convertShape(I2F, FLOATS, 0);
      scale = FloatVector.fromMemorySegment(FLOATS, ALL, halves + NEXT / 2, ORDER).mul(factor);
      scale.mul(tiny).intoArray(scales, to + L / 2);
      factor = (FloatVector) factors.lanewise(LSHR, 24).convertShape(I2F, FLOATS, 0);
      shift =
          FloatVector.fromMemorySegment(FLOATS, ALL, halves + (NEXT + NEXT / 2), ORDER).mul(factor);
      scale.fma(eight, shift).intoArray(shifts, to + L / 2);
    }
  }

  /// Adds the scaled sums, and the shifts, of `count` blocks of one vector of rows and four tokens.
  ///
  /// @param sums address of those of the first token and block
  static void add(
      long sums,
      int count,
      float[] weightScales,
      float[] shifts,
      float[] scales,
      float[] factors,
      int scaleAt,
      float[] acc,
      int accAt) {
    IntVector high = IntVector.broadcast(INTS, 0xffff0000);
    FloatVector low0 = FloatVector.fromArray(FLOATS, acc, accAt);
    FloatVector high0 = FloatVector.fromArray(FLOATS, acc, accAt + HIGH);
    FloatVector low1 = FloatVector.fromArray(FLOATS, acc, accAt + ROWS);
    FloatVector high1 = FloatVector.fromArray(FLOATS, acc, accAt + ROWS + HIGH);
    FloatVector low2 = FloatVector.fromArray(FLOATS, acc, accAt + 2 * ROWS);
    FloatVector high2 = FloatVector.fromArray(FLOATS, acc, accAt + 2 * ROWS + HIGH);
    FloatVector low3 = FloatVector.fromArray(FLOATS, acc, accAt + 3 * ROWS);
    FloatVector high3 = FloatVector.fromArray(FLOATS, acc, accAt + 3 * ROWS + HIGH);
    for (int b = 0; b < count; b++) {
      FloatVector weightLow = FloatVector.fromArray(FLOATS, weightScales, b * L);
      FloatVector weightHigh = FloatVector.fromArray(FLOATS, weightScales, b * L + L / 2);
      FloatVector shiftLow = FloatVector.fromArray(FLOATS, shifts, b * L);
      FloatVector shiftHigh = FloatVector.fromArray(FLOATS, shifts, b * L + L / 2);
      long from = (sums & ADDRESSES) + b * BLOCK_SUMS;
      FloatVector scale = FloatVector.broadcast(FLOATS, scales[scaleAt]);
      IntVector sum = IntVector.fromMemorySegment(INTS, ALL, from, ORDER);
      FloatVector value = (FloatVector) sum.lanewise(LSHL, 16).convertShape(I2F, FLOATS, 0);
      low0 = value.fma(weightLow.mul(scale), low0);
      value = (FloatVector) sum.and(high).convertShape(I2F, FLOATS, 0);
      high0 = value.fma(weightHigh.mul(scale), high0);
      scale = FloatVector.broadcast(FLOATS, factors[scaleAt]);
      low0 = shiftLow.fma(scale, low0);
      high0 = shiftHigh.fma(scale, high0);
      scale = FloatVector.broadcast(FLOATS, scales[scaleAt + 1]);
      sum = IntVector.fromMemorySegment(INTS, ALL, from + SUM, ORDER);
      value = (FloatVector) sum.lanewise(LSHL, 16).convertShape(I2F, FLOATS, 0);
      low1 = value.fma(weightLow.mul(scale), low1);
      value = (FloatVector) sum.and(high).convertShape(I2F, FLOATS, 0);
      high1 = value.fma(weightHigh.mul(scale), high1);
      scale = FloatVector.broadcast(FLOATS, factors[scaleAt + 1]);
      low1 = shiftLow.fma(scale, low1);
      high1 = shiftHigh.fma(scale, high1);
      scale = FloatVector.broadcast(FLOATS, scales[scaleAt + 2]);
      sum = IntVector.fromMemorySegment(INTS, ALL, from + 2 * SUM, ORDER);
      value = (FloatVector) sum.lanewise(LSHL, 16).convertShape(I2F, FLOATS, 0);
      low2 = value.fma(weightLow.mul(scale), low2);
      value = (FloatVector) sum.and(high).convertShape(I2F, FLOATS, 0);
      high2 = value.fma(weightHigh.mul(scale), high2);
      scale = FloatVector.broadcast(FLOATS, factors[scaleAt + 2]);
      low2 = shiftLow.fma(scale, low2);
      high2 = shiftHigh.fma(scale, high2);
      scale = FloatVector.broadcast(FLOATS, scales[scaleAt + 3]);
      sum = IntVector.fromMemorySegment(INTS, ALL, from + 3 * SUM, ORDER);
      value = (FloatVector) sum.lanewise(LSHL, 16).convertShape(I2F, FLOATS, 0);
      low3 = value.fma(weightLow.mul(scale), low3);
      value = (FloatVector) sum.and(high).convertShape(I2F, FLOATS, 0);
      high3 = value.fma(weightHigh.mul(scale), high3);
      scale = FloatVector.broadcast(FLOATS, factors[scaleAt + 3]);
      low3 = shiftLow.fma(scale, low3);
      high3 = shiftHigh.fma(scale, high3);
      scaleAt += Activations.BUNDLE;
    }
    low0.intoArray(acc, accAt);
    high0.intoArray(acc, accAt + HIGH);
    low1.intoArray(acc, accAt + ROWS);
    high1.intoArray(acc, accAt + ROWS + HIGH);
    low2.intoArray(acc, accAt + 2 * ROWS);
    high2.intoArray(acc, accAt + 2 * ROWS + HIGH);
    low3.intoArray(acc, accAt + 3 * ROWS);
    high3.intoArray(acc, accAt + 3 * ROWS + HIGH);
  }
}
