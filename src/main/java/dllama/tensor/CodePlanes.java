package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.ORDER;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Makes the planes of a tile ([TilePlanes]) floats, `[32 columns, 32 rows]`, outside the heap,
/// where no vector straddles cache lines.
final class CodePlanes {
  private static final int PAIRS = Tiles.COLS / 2;
  private static final long LINE = Tiles.LINE;

  /// Bytes of a column of floats.
  private static final long COLUMN = Tiles.F32_LINE;

  /// Byte of the rows in the high halves of ints; see [Tiles].
  private static final long HIGH = COLUMN / 2;

  /// In both shorts of an int.
  private static final int NIBBLES = 0x0f0f0f0f;

  private static final int TWOS = 0x03030303;
  private static final int ONES = 0x01010101;

  private CodePlanes() {}

  static void fill(TilePlanes planes, long at, long tile) {
    for (int part = 0; part < Tiles.ROWS; part += L) {
      long lane = at + 2L * part;
      long to = tile + 2L * part;
      switch (planes) {
        case TWO -> two(lane, to);
        case THREE -> three(lane, to);
        case FIVE -> five(lane, to);
        case SIX -> six(lane, to);
        case EIGHT -> eight(lane, to);
        case FOUR -> throw new IllegalArgumentException("planes=" + planes);
      }
    }
  }

  private static void two(long at, long to) {
    IntVector twos = IntVector.broadcast(INTS, TWOS);
    IntVector bytes = IntVector.broadcast(INTS, 0xff);
    for (int p = 0; p < PAIRS; p++) {
      store(line(at, (p >>> 2)).lanewise(LSHR, 2 * (p & 3)).and(twos), bytes, to, p);
    }
  }

  private static void three(long at, long to) {
    IntVector twos = IntVector.broadcast(INTS, TWOS);
    IntVector ones = IntVector.broadcast(INTS, ONES);
    IntVector bytes = IntVector.broadcast(INTS, 0xff);
    for (int p = 0; p < PAIRS; p++) {
      IntVector low = line(at, (p >>> 2)).lanewise(LSHR, 2 * (p & 3)).and(twos);
      IntVector high = line(at, 4 + (p >>> 3)).lanewise(LSHR, p & 7).and(ones);
      store(low.add(high.lanewise(LSHL, 2)), bytes, to, p);
    }
  }

  private static void five(long at, long to) {
    IntVector nibbles = IntVector.broadcast(INTS, NIBBLES);
    IntVector ones = IntVector.broadcast(INTS, ONES);
    IntVector bytes = IntVector.broadcast(INTS, 0xff);
    for (int p = 0; p < PAIRS; p++) {
      IntVector low = line(at, (p >>> 1)).lanewise(LSHR, 4 * (p & 1)).and(nibbles);
      IntVector high = line(at, 8 + (p >>> 3)).lanewise(LSHR, p & 7).and(ones);
      store(low.add(high.lanewise(LSHL, 4)), bytes, to, p);
    }
  }

  private static void six(long at, long to) {
    IntVector nibbles = IntVector.broadcast(INTS, NIBBLES);
    IntVector twos = IntVector.broadcast(INTS, TWOS);
    IntVector bytes = IntVector.broadcast(INTS, 0xff);
    for (int p = 0; p < PAIRS; p++) {
      IntVector low = line(at, (p >>> 1)).lanewise(LSHR, 4 * (p & 1)).and(nibbles);
      IntVector high = line(at, 8 + (p >>> 2)).lanewise(LSHR, 2 * (p & 3)).and(twos);
      store(low.add(high.lanewise(LSHL, 4)), bytes, to, p);
    }
  }

  private static IntVector line(long at, int k) {
    return IntVector.fromMemorySegment(INTS, ALL, (at + k * LINE) & ADDRESSES, ORDER);
  }

  /// Two columns of bytes that are not negative.
  private static void store(IntVector pair, IntVector mask, long first, int p) {
    long to = (first & ADDRESSES) + 2L * p * COLUMN;
    store(pair.and(mask), to);
    store(pair.lanewise(LSHR, 8).and(mask), to + COLUMN);
    store(pair.lanewise(LSHR, 16).and(mask), to + HIGH);
    store(pair.lanewise(LSHR, 24), to + COLUMN + HIGH);
  }

  private static void eight(long at, long first) {
    for (int p = 0; p < PAIRS; p++) {
      long to = (first & ADDRESSES) + 2L * p * COLUMN;
      IntVector bytes = line(at, p);
      store(bytes.lanewise(LSHL, 24).lanewise(ASHR, 24), to);
      store(bytes.lanewise(LSHL, 16).lanewise(ASHR, 24), to + COLUMN);
      store(bytes.lanewise(LSHL, 8).lanewise(ASHR, 24), to + HIGH);
      store(bytes.lanewise(ASHR, 24), to + COLUMN + HIGH);
    }
  }

  private static void store(IntVector codes, long to) {
    ((FloatVector) codes.convertShape(I2F, FLOATS, 0)).intoMemorySegment(ALL, to, ORDER);
  }
}
