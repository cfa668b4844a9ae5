package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.ORDER;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Sums of the products of a tile's codes with those of one token: what [CodePlanes] writes and
/// [CodeTiles] multiplies, without the way over memory.
///
/// Each takes the pairs of columns from `pair` on, and the index that column 0 of the tile has in
/// `codes`; sums begin with `first` and go to `[32 rows]` at `sums`.
final class CodeSums {
  private static final long LINE = Tiles.LINE;

  /// Byte of the sums of the rows in the high halves of ints; see [Tiles].
  private static final long HIGH = Tiles.F32_LINE / 2;

  /// Bytes of a vector.
  private static final long V = Float.BYTES * (long) F;

  private static final int NIBBLES = CodePlanes.NIBBLES;
  private static final int TWOS = CodePlanes.TWOS;
  private static final int ONES = CodePlanes.ONES;

  private CodeSums() {}

  static void of(
      TilePlanes planes,
      long at,
      int pair,
      int pairs,
      float[] codes,
      int codeAt,
      float first,
      long sums) {
    switch (planes) {
      case TWO -> two(at, pair, pairs, codes, codeAt, first, sums);
      case THREE -> three(at, pair, pairs, codes, codeAt, first, sums);
      case FIVE -> five(at, pair, pairs, codes, codeAt, first, sums);
      case SIX -> six(at, pair, pairs, codes, codeAt, first, sums);
      case EIGHT -> eight(at, pair, pairs, codes, codeAt, first, sums);
      case FOUR -> throw new IllegalArgumentException("planes=" + planes);
    }
  }

  private static void two(
      long at, int pair, int pairs, float[] codes, int codeAt, float first, long sums) {
    IntVector twos = IntVector.broadcast(INTS, TWOS);
    FloatVector start = FloatVector.broadcast(FLOATS, first);
    FloatVector zero = FloatVector.zero(FLOATS);
    IntVector mask = IntVector.broadcast(INTS, 0xff);
    for (long part = 0; part < LINE; part += V) {
      long lane = at + part;
      FloatVector a = start;
      FloatVector b = zero;
      FloatVector c = start;
      FloatVector d = zero;
      for (int p = pair; p < pair + pairs; p++) {
        IntVector bytes =
            IntVector.fromMemorySegment(INTS, ALL, (lane + (p >>> 2) * LINE) & ADDRESSES, ORDER)
                .lanewise(LSHR, 2 * (p & 3))
                .and(twos);
        FloatVector code = FloatVector.broadcast(FLOATS, codes[codeAt + 2 * p]);
        a = ((FloatVector) bytes.and(mask).convertShape(I2F, FLOATS, 0)).fma(code, a);
        IntVector column = bytes.lanewise(LSHR, 16).and(mask);
        c = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, c);
        code = FloatVector.broadcast(FLOATS, codes[codeAt + 2 * p + 1]);
        column = bytes.lanewise(LSHR, 8).and(mask);
        b = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, b);
        column = bytes.lanewise(LSHR, 24);
        d = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, d);
      }
      long to = (sums & ADDRESSES) + part;
      a.add(b).intoMemorySegment(ALL, to, ORDER);
      c.add(d).intoMemorySegment(ALL, to + HIGH, ORDER);
    }
  }

  private static void three(
      long at, int pair, int pairs, float[] codes, int codeAt, float first, long sums) {
    IntVector twos = IntVector.broadcast(INTS, TWOS);
    IntVector ones = IntVector.broadcast(INTS, ONES);
    FloatVector start = FloatVector.broadcast(FLOATS, first);
    FloatVector zero = FloatVector.zero(FLOATS);
    IntVector mask = IntVector.broadcast(INTS, 0xff);
    for (long part = 0; part < LINE; part += V) {
      long lane = at + part;
      FloatVector a = start;
      FloatVector b = zero;
      FloatVector c = start;
      FloatVector d = zero;
      for (int p = pair; p < pair + pairs; p++) {
        IntVector low =
            IntVector.fromMemorySegment(INTS, ALL, (lane + (p >>> 2) * LINE) & ADDRESSES, ORDER)
                .lanewise(LSHR, 2 * (p & 3))
                .and(twos);
        IntVector high =
            IntVector.fromMemorySegment(
                    INTS, ALL, (lane + (4 + (p >>> 3)) * LINE) & ADDRESSES, ORDER)
                .lanewise(LSHR, p & 7)
                .and(ones);
        IntVector bytes = low.add(high.lanewise(LSHL, 2));
        FloatVector code = FloatVector.broadcast(FLOATS, codes[codeAt + 2 * p]);
        a = ((FloatVector) bytes.and(mask).convertShape(I2F, FLOATS, 0)).fma(code, a);
        IntVector column = bytes.lanewise(LSHR, 16).and(mask);
        c = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, c);
        code = FloatVector.broadcast(FLOATS, codes[codeAt + 2 * p + 1]);
        column = bytes.lanewise(LSHR, 8).and(mask);
        b = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, b);
        column = bytes.lanewise(LSHR, 24);
        d = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, d);
      }
      long to = (sums & ADDRESSES) + part;
      a.add(b).intoMemorySegment(ALL, to, ORDER);
      c.add(d).intoMemorySegment(ALL, to + HIGH, ORDER);
    }
  }

  private static void five(
      long at, int pair, int pairs, float[] codes, int codeAt, float first, long sums) {
    IntVector nibbles = IntVector.broadcast(INTS, NIBBLES);
    IntVector ones = IntVector.broadcast(INTS, ONES);
    FloatVector start = FloatVector.broadcast(FLOATS, first);
    FloatVector zero = FloatVector.zero(FLOATS);
    IntVector mask = IntVector.broadcast(INTS, 0xff);
    for (long part = 0; part < LINE; part += V) {
      long lane = at + part;
      FloatVector a = start;
      FloatVector b = zero;
      FloatVector c = start;
      FloatVector d = zero;
      for (int p = pair; p < pair + pairs; p++) {
        IntVector low =
            IntVector.fromMemorySegment(INTS, ALL, (lane + (p >>> 1) * LINE) & ADDRESSES, ORDER)
                .lanewise(LSHR, 4 * (p & 1))
                .and(nibbles);
        IntVector high =
            IntVector.fromMemorySegment(
                    INTS, ALL, (lane + (8 + (p >>> 3)) * LINE) & ADDRESSES, ORDER)
                .lanewise(LSHR, p & 7)
                .and(ones);
        IntVector bytes = low.add(high.lanewise(LSHL, 4));
        FloatVector code = FloatVector.broadcast(FLOATS, codes[codeAt + 2 * p]);
        a = ((FloatVector) bytes.and(mask).convertShape(I2F, FLOATS, 0)).fma(code, a);
        IntVector column = bytes.lanewise(LSHR, 16).and(mask);
        c = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, c);
        code = FloatVector.broadcast(FLOATS, codes[codeAt + 2 * p + 1]);
        column = bytes.lanewise(LSHR, 8).and(mask);
        b = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, b);
        column = bytes.lanewise(LSHR, 24);
        d = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, d);
      }
      long to = (sums & ADDRESSES) + part;
      a.add(b).intoMemorySegment(ALL, to, ORDER);
      c.add(d).intoMemorySegment(ALL, to + HIGH, ORDER);
    }
  }

  private static void six(
      long at, int pair, int pairs, float[] codes, int codeAt, float first, long sums) {
    IntVector nibbles = IntVector.broadcast(INTS, NIBBLES);
    IntVector twos = IntVector.broadcast(INTS, TWOS);
    FloatVector start = FloatVector.broadcast(FLOATS, first);
    FloatVector zero = FloatVector.zero(FLOATS);
    IntVector mask = IntVector.broadcast(INTS, 0xff);
    for (long part = 0; part < LINE; part += V) {
      long lane = at + part;
      FloatVector a = start;
      FloatVector b = zero;
      FloatVector c = start;
      FloatVector d = zero;
      for (int p = pair; p < pair + pairs; p++) {
        IntVector low =
            IntVector.fromMemorySegment(INTS, ALL, (lane + (p >>> 1) * LINE) & ADDRESSES, ORDER)
                .lanewise(LSHR, 4 * (p & 1))
                .and(nibbles);
        IntVector high =
            IntVector.fromMemorySegment(
                    INTS, ALL, (lane + (8 + (p >>> 2)) * LINE) & ADDRESSES, ORDER)
                .lanewise(LSHR, 2 * (p & 3))
                .and(twos);
        IntVector bytes = low.add(high.lanewise(LSHL, 4));
        FloatVector code = FloatVector.broadcast(FLOATS, codes[codeAt + 2 * p]);
        a = ((FloatVector) bytes.and(mask).convertShape(I2F, FLOATS, 0)).fma(code, a);
        IntVector column = bytes.lanewise(LSHR, 16).and(mask);
        c = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, c);
        code = FloatVector.broadcast(FLOATS, codes[codeAt + 2 * p + 1]);
        column = bytes.lanewise(LSHR, 8).and(mask);
        b = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, b);
        column = bytes.lanewise(LSHR, 24);
        d = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, d);
      }
      long to = (sums & ADDRESSES) + part;
      a.add(b).intoMemorySegment(ALL, to, ORDER);
      c.add(d).intoMemorySegment(ALL, to + HIGH, ORDER);
    }
  }

  private static void eight(
      long at, int pair, int pairs, float[] codes, int codeAt, float first, long sums) {
    FloatVector start = FloatVector.broadcast(FLOATS, first);
    FloatVector zero = FloatVector.zero(FLOATS);
    for (long part = 0; part < LINE; part += V) {
      long lane = at + part;
      FloatVector a = start;
      FloatVector b = zero;
      FloatVector c = start;
      FloatVector d = zero;
      for (int p = pair; p < pair + pairs; p++) {
        IntVector bytes =
            IntVector.fromMemorySegment(INTS, ALL, (lane + p * LINE) & ADDRESSES, ORDER);
        FloatVector code = FloatVector.broadcast(FLOATS, codes[codeAt + 2 * p]);
        IntVector column = bytes.lanewise(LSHL, 24).lanewise(ASHR, 24);
        a = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, a);
        column = bytes.lanewise(LSHL, 8).lanewise(ASHR, 24);
        c = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, c);
        code = FloatVector.broadcast(FLOATS, codes[codeAt + 2 * p + 1]);
        column = bytes.lanewise(LSHL, 16).lanewise(ASHR, 24);
        b = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, b);
        column = bytes.lanewise(ASHR, 24);
        d = ((FloatVector) column.convertShape(I2F, FLOATS, 0)).fma(code, d);
      }
      long to = (sums & ADDRESSES) + part;
      a.add(b).intoMemorySegment(ALL, to, ORDER);
      c.add(d).intoMemorySegment(ALL, to + HIGH, ORDER);
    }
  }
}
