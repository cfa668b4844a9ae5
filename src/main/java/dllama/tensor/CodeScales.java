package dllama.tensor;

import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.highHalf;
import static dllama.tensor.Vectors.lowHalf;
import static dllama.tensor.Vectors.shorts;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Makes the scales of a tile ([TileScales]) floats: scales and shifts `[parts, 32 rows]`.
final class CodeScales {
  private static final int ROWS = Tiles.ROWS;

  /// Where the rows are that are in the high halves of ints.
  private static final int HIGH = ROWS / 2;

  private static final int LINE = Tiles.LINE;

  private CodeScales() {}

  static void fill(TileScales kind, long at, float[] scales, float[] shifts) {
    for (int part = 0; part < ROWS; part += L) {
      long lane = at + 2L * part;
      int to = part / 2;
      switch (kind) {
        case HALF -> halves(lane, scales, to);
        case HALF_AND_SHIFT -> {
          halves(lane, scales, to);
          halves(lane + LINE, shifts, to);
        }
        case POWER -> powers(lane, scales, to);
        case PRODUCT -> lowProducts(lane, scales, to);
        case PRODUCTS -> {
          lowProducts(lane, scales, to);
          highProducts(lane, scales, to + ROWS);
        }
        case PRODUCT_AND_SHIFT -> {
          products(lane, lane + 2 * LINE, 0xff, 0, 1, scales, to);
          products(lane + LINE, lane + 2 * LINE, 0xff, 8, -1, shifts, to);
        }
        case PRODUCTS_AND_SHIFTS -> {
          products(lane, lane + 2 * LINE, 15, 0, 1, scales, to);
          products(lane, lane + 2 * LINE, 15, 8, 1, scales, to + ROWS);
          products(lane + LINE, lane + 2 * LINE, 15, 4, -1, shifts, to);
          products(lane + LINE, lane + 2 * LINE, 15, 12, -1, shifts, to + ROWS);
        }
      }
    }
  }

  private static void halves(long at, float[] to, int toAt) {
    IntVector halves = shorts(at).reinterpretAsInts();
    lowHalf(halves).intoArray(to, toAt);
    highHalf(halves).intoArray(to, toAt + HIGH);
  }

  private static void powers(long at, float[] to, int toAt) {
    IntVector halves = shorts(at).reinterpretAsInts();
    halves.lanewise(LSHL, 16).reinterpretAsFloats().intoArray(to, toAt);
    halves.and(0xffff0000).reinterpretAsFloats().intoArray(to, toAt + HIGH);
  }

  /// With the signed low bytes of the line behind.
  private static void lowProducts(long at, float[] to, int toAt) {
    IntVector halves = shorts(at).reinterpretAsInts();
    IntVector bytes = shorts(at + LINE).reinterpretAsInts();
    store(lowHalf(halves), bytes.lanewise(LSHL, 24).lanewise(ASHR, 24), to, toAt);
    store(highHalf(halves), bytes.lanewise(LSHL, 8).lanewise(ASHR, 24), to, toAt + HIGH);
  }

  /// With the high ones.
  private static void highProducts(long at, float[] to, int toAt) {
    IntVector halves = shorts(at).reinterpretAsInts();
    IntVector bytes = shorts(at + LINE).reinterpretAsInts();
    store(lowHalf(halves), bytes.lanewise(LSHL, 16).lanewise(ASHR, 24), to, toAt);
    store(highHalf(halves), bytes.lanewise(ASHR, 24), to, toAt + HIGH);
  }

  /// With the bits from bit `shift` of the shorts at `bitsAt` on that the mask has, and a sign.
  private static void products(
      long at, long bitsAt, int mask, int shift, float sign, float[] to, int toAt) {
    IntVector halves = shorts(at).reinterpretAsInts();
    IntVector bits = shorts(bitsAt).reinterpretAsInts().lanewise(LSHR, shift);
    store(lowHalf(halves).mul(sign), bits.and(mask), to, toAt);
    store(highHalf(halves).mul(sign), bits.lanewise(LSHR, 16).and(mask), to, toAt + HIGH);
  }

  private static void store(FloatVector scale, IntVector factor, float[] to, int toAt) {
    scale.mul((FloatVector) factor.convertShape(I2F, FLOATS, 0)).intoArray(to, toAt);
  }
}
