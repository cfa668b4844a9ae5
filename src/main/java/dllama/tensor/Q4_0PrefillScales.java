package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.highHalf;
import static dllama.tensor.Vectors.lowHalf;
import static dllama.tensor.Vectors.shorts;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Scales the integer sums of a chunk of blocks and adds them up.
///
/// A sum becomes a float as the high half of an int, 2^16 times as large, which saves shifting it
/// back; the scales of weights are 2^-16 times what they should be. Neither changes a bit of the
/// result.
final class Q4_0PrefillScales {
  /// Tokens of one pass; they share the scales of the weights.
  static final int TOKENS = 4;

  /// What makes a scale 2^-16 times one.
  private static final float TINY = 0x1p-16f;

  private static final int ROWS = Tiles.ROWS;

  /// Where the results of the rows in the high halves of ints are; see [Tiles].
  private static final int HIGH = ROWS / 2;

  /// Bytes of a vector of sums.
  private static final long SUM = (long) Short.BYTES * L;

  private static final long BLOCK_SUMS = Q4_0Prefill.BLOCK_SUMS;

  private Q4_0PrefillScales() {}

  /// Scales of one vector of rows of `count` blocks, `[block, 2, L / 2]`.
  static void ofWeights(long at, int count, float[] scales) {
    for (int b = 0; b < count; b++) {
      IntVector halves = shorts(at + b * Q4_0.TILE_BYTES + Q4_0.SCALES).reinterpretAsInts();
      lowHalf(halves).mul(TINY).intoArray(scales, b * L);
      highHalf(halves).mul(TINY).intoArray(scales, b * L + L / 2);
    }
  }

  /// Adds the scaled sums of `count` blocks of one vector of rows and four tokens.
  ///
  /// @param sums address of those of the first token and block
  static void add(
      long sums,
      int count,
      float[] weightScales,
      float[] scales,
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
      long from = (sums & ADDRESSES) + b * BLOCK_SUMS;
      FloatVector scale = FloatVector.broadcast(FLOATS, scales[scaleAt]);
      IntVector sum = IntVector.fromMemorySegment(INTS, ALL, from, ORDER);
      FloatVector value = (FloatVector) sum.lanewise(LSHL, 16).convertShape(I2F, FLOATS, 0);
      low0 = value.fma(weightLow.mul(scale), low0);
      value = (FloatVector) sum.and(high).convertShape(I2F, FLOATS, 0);
      high0 = value.fma(weightHigh.mul(scale), high0);
      scale = FloatVector.broadcast(FLOATS, scales[scaleAt + 1]);
      sum = IntVector.fromMemorySegment(INTS, ALL, from + SUM, ORDER);
      value = (FloatVector) sum.lanewise(LSHL, 16).convertShape(I2F, FLOATS, 0);
      low1 = value.fma(weightLow.mul(scale), low1);
      value = (FloatVector) sum.and(high).convertShape(I2F, FLOATS, 0);
      high1 = value.fma(weightHigh.mul(scale), high1);
      scale = FloatVector.broadcast(FLOATS, scales[scaleAt + 2]);
      sum = IntVector.fromMemorySegment(INTS, ALL, from + 2 * SUM, ORDER);
      value = (FloatVector) sum.lanewise(LSHL, 16).convertShape(I2F, FLOATS, 0);
      low2 = value.fma(weightLow.mul(scale), low2);
      value = (FloatVector) sum.and(high).convertShape(I2F, FLOATS, 0);
      high2 = value.fma(weightHigh.mul(scale), high2);
      scale = FloatVector.broadcast(FLOATS, scales[scaleAt + 3]);
      sum = IntVector.fromMemorySegment(INTS, ALL, from + 3 * SUM, ORDER);
      value = (FloatVector) sum.lanewise(LSHL, 16).convertShape(I2F, FLOATS, 0);
      low3 = value.fma(weightLow.mul(scale), low3);
      value = (FloatVector) sum.and(high).convertShape(I2F, FLOATS, 0);
      high3 = value.fma(weightHigh.mul(scale), high3);
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
