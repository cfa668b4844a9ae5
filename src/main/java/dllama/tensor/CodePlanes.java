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

/// Makes the planes of a tile ([TilePlanes]) floats, `[32 columns, 32 rows]`.
final class CodePlanes {
  private static final int PAIRS = Tiles.COLS / 2;
  private static final int LINE = Tiles.LINE;

  /// In both shorts of an int.
  private static final int NIBBLES = 0x0f0f0f0f;

  private static final int TWOS = 0x03030303;
  private static final int ONES = 0x01010101;

  private CodePlanes() {}

  static void fill(TilePlanes planes, long at, float[] tile) {
    for (int part = 0; part < Tiles.ROWS; part += L) {
      long lane = at + 2L * part;
      switch (planes) {
        case TWO -> two(lane, tile, part / 2);
        case THREE -> three(lane, tile, part / 2);
        case FIVE -> five(lane, tile, part / 2);
        case SIX -> six(lane, tile, part / 2);
        case EIGHT -> eight(lane, tile, part / 2);
        case FOUR -> throw new IllegalArgumentException("planes=" + planes);
      }
    }
  }

  private static void two(long at, float[] tile, int to) {
    IntVector twos = IntVector.broadcast(INTS, TWOS);
    IntVector bytes = IntVector.broadcast(INTS, 0xff);
    for (int p = 0; p < PAIRS; p++) {
      store(line(at, p / 4).lanewise(LSHR, 2 * (p % 4)).and(twos), bytes, tile, to, p);
    }
  }

  private static void three(long at, float[] tile, int to) {
    IntVector twos = IntVector.broadcast(INTS, TWOS);
    IntVector ones = IntVector.broadcast(INTS, ONES);
    IntVector bytes = IntVector.broadcast(INTS, 0xff);
    for (int p = 0; p < PAIRS; p++) {
      IntVector low = line(at, p / 4).lanewise(LSHR, 2 * (p % 4)).and(twos);
      IntVector high = line(at, 4 + p / 8).lanewise(LSHR, p % 8).and(ones);
      store(low.add(high.lanewise(LSHL, 2)), bytes, tile, to, p);
    }
  }

  private static void five(long at, float[] tile, int to) {
    IntVector nibbles = IntVector.broadcast(INTS, NIBBLES);
    IntVector ones = IntVector.broadcast(INTS, ONES);
    IntVector bytes = IntVector.broadcast(INTS, 0xff);
    for (int p = 0; p < PAIRS; p++) {
      IntVector low = line(at, p / 2).lanewise(LSHR, 4 * (p % 2)).and(nibbles);
      IntVector high = line(at, 8 + p / 8).lanewise(LSHR, p % 8).and(ones);
      store(low.add(high.lanewise(LSHL, 4)), bytes, tile, to, p);
    }
  }

  private static void six(long at, float[] tile, int to) {
    IntVector nibbles = IntVector.broadcast(INTS, NIBBLES);
    IntVector twos = IntVector.broadcast(INTS, TWOS);
    IntVector bytes = IntVector.broadcast(INTS, 0xff);
    for (int p = 0; p < PAIRS; p++) {
      IntVector low = line(at, p / 2).lanewise(LSHR, 4 * (p % 2)).and(nibbles);
      IntVector high = line(at, 8 + p / 4).lanewise(LSHR, 2 * (p % 4)).and(twos);
      store(low.add(high.lanewise(LSHL, 4)), bytes, tile, to, p);
    }
  }

  private static IntVector line(long at, int k) {
    return IntVector.fromMemorySegment(INTS, ALL, (at & ADDRESSES) + k * LINE, ORDER);
  }

  /// Two columns of bytes that are not negative.
  private static void store(IntVector pair, IntVector mask, float[] tile, int first, int p) {
    int to = first + 2 * p * Tiles.ROWS;
    store(pair.and(mask), tile, to);
    store(pair.lanewise(LSHR, 8).and(mask), tile, to + Tiles.ROWS);
    store(pair.lanewise(LSHR, 16).and(mask), tile, to + Tiles.ROWS / 2);
    store(pair.lanewise(LSHR, 24), tile, to + Tiles.ROWS + Tiles.ROWS / 2);
  }

  private static void eight(long at, float[] tile, int to) {
    for (int p = 0; p < PAIRS; p++, to += 2 * Tiles.ROWS) {
      IntVector bytes = line(at, p);
      store(bytes.lanewise(LSHL, 24).lanewise(ASHR, 24), tile, to);
      store(bytes.lanewise(LSHL, 16).lanewise(ASHR, 24), tile, to + Tiles.ROWS);
      store(bytes.lanewise(LSHL, 8).lanewise(ASHR, 24), tile, to + Tiles.ROWS / 2);
      store(bytes.lanewise(ASHR, 24), tile, to + Tiles.ROWS + Tiles.ROWS / 2);
    }
  }

  private static void store(IntVector codes, float[] tile, int to) {
    ((FloatVector) codes.convertShape(I2F, FLOATS, 0)).intoArray(tile, to);
  }
}
