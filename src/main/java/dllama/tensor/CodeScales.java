package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.floats;
import static dllama.tensor.Vectors.highHalf;
import static dllama.tensor.Vectors.lowHalf;
import static dllama.tensor.Vectors.shorts;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Makes the scales of a tile ([TileScales]) floats: scales and shifts `[parts, 32 rows]`, outside
/// the heap.
final class CodeScales {
  private static final int ROWS = Tiles.ROWS;

  /// Bytes of the floats of a line.
  private static final long NEXT = Tiles.F32_LINE;

  /// Byte of the rows that are in the high halves of ints.
  private static final long HIGH = NEXT / 2;

  private static final int LINE = Tiles.LINE;

  private CodeScales() {}

  static void fill(TileScales kind, long at, long scales, long shifts) {
    for (int part = 0; part < ROWS; part += L) {
      long lane = at + 2L * part;
      long to = 2L * part;
      switch (kind) {
        case HALF -> halves(lane, scales + to);
        case HALF_AND_SHIFT -> {
          halves(lane, scales + to);
          halves(lane + LINE, shifts + to);
        }
        case POWER -> powers(lane, scales + to);
        case PRODUCT -> lowProducts(lane, scales + to);
        case PRODUCTS -> {
          lowProducts(lane, scales + to);
          highProducts(lane, scales + to + NEXT);
        }
        case PRODUCT_AND_SHIFT -> {
          products(lane, lane + 2 * LINE, 0xff, 0, 1, scales + to);
          products(lane + LINE, lane + 2 * LINE, 0xff, 8, -1, shifts + to);
        }
        case PRODUCTS_AND_SHIFTS -> {
          products(lane, lane + 2 * LINE, 15, 0, 1, scales + to);
          products(lane, lane + 2 * LINE, 15, 8, 1, scales + to + NEXT);
          products(lane + LINE, lane + 2 * LINE, 15, 4, -1, shifts + to);
          products(lane + LINE, lane + 2 * LINE, 15, 12, -1, shifts + to + NEXT);
        }
      }
    }
  }

  /// Makes of shifts what is added where the centre is taken off codes: `shift + centre · scale`.
  ///
  /// @param lines of floats
  static void centre(long scales, long shifts, int lines, float centre) {
    for (long at = 0; at < lines * NEXT; at += (long) Float.BYTES * F) {
      floats(scales + at)
          .fma(FloatVector.broadcast(FLOATS, centre), floats(shifts + at))
          .intoMemorySegment(ALL, (shifts + at) & ADDRESSES, ORDER);
    }
  }

  private static void halves(long at, long to) {
    IntVector halves = shorts(at).reinterpretAsInts();
    lowHalf(halves).intoMemorySegment(ALL, to & ADDRESSES, ORDER);
    highHalf(halves).intoMemorySegment(ALL, (to & ADDRESSES) + HIGH, ORDER);
  }

  private static void powers(long at, long to) {
    IntVector halves = shorts(at).reinterpretAsInts();
    halves.lanewise(LSHL, 16).reinterpretAsFloats().intoMemorySegment(ALL, to & ADDRESSES, ORDER);
    halves
        .and(0xffff0000)
        .reinterpretAsFloats()
        .intoMemorySegment(ALL, (to & ADDRESSES) + HIGH, ORDER);
  }

  /// With the signed low bytes of the line behind.
  private static void lowProducts(long at, long to) {
    IntVector halves = shorts(at).reinterpretAsInts();
    IntVector bytes = shorts(at + LINE).reinterpretAsInts();
    store(lowHalf(halves), bytes.lanewise(LSHL, 24).lanewise(ASHR, 24), to);
    store(highHalf(halves), bytes.lanewise(LSHL, 8).lanewise(ASHR, 24), to + HIGH);
  }

  /// With the high ones.
  private static void highProducts(long at, long to) {
    IntVector halves = shorts(at).reinterpretAsInts();
    IntVector bytes = shorts(at + LINE).reinterpretAsInts();
    store(lowHalf(halves), bytes.lanewise(LSHL, 16).lanewise(ASHR, 24), to);
    store(highHalf(halves), bytes.lanewise(ASHR, 24), to + HIGH);
  }

  /// With the bits from bit `shift` of the shorts at `bitsAt` on that the mask has, and a sign.
  private static void products(long at, long bitsAt, int mask, int shift, float sign, long to) {
    IntVector halves = shorts(at).reinterpretAsInts();
    IntVector bits = shorts(bitsAt).reinterpretAsInts().lanewise(LSHR, shift);
    store(lowHalf(halves).mul(sign), bits.and(mask), to);
    store(highHalf(halves).mul(sign), bits.lanewise(LSHR, 16).and(mask), to + HIGH);
  }

  private static void store(FloatVector scale, IntVector factor, long to) {
    scale
        .mul((FloatVector) factor.convertShape(I2F, FLOATS, 0))
        .intoMemorySegment(ALL, to & ADDRESSES, ORDER);
  }
}
