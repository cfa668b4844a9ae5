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

  /// The shared float16 ([TileScales#shared]) of the tiles of some blocks, `[blocks, shared, 32]`.
  ///
  /// @param at of the first tile's
  /// @param step to those of the next tile; 0 if all have the same, which then are written once
  static void shared(TileScales kind, long at, int step, int blocks, long to) {
    for (int part = 0; part < ROWS; part += L) {
      sharedOfVector(kind, at + 2L * part, step, blocks, to + 2L * part);
    }
  }

  /// The same for one vector of rows.
  static void sharedOfVector(TileScales kind, long at, int step, int blocks, long to) {
    int count = step == 0 ? 1 : blocks;
    for (int block = 0; block < count; block++, at += step) {
      for (int k = 0; k < kind.shared(); k++, to += NEXT) {
        halves(at + (long) k * LINE, to);
      }
    }
  }

  /// From those of a tile to those of the next, as floats.
  static long sharedStep(TileScales kind, int step) {
    return step == 0 ? 0 : kind.shared() * NEXT;
  }

  /// Of the tiles of some blocks of a group of rows, of kinds without shifts: those of bytes and of
  /// six bits.
  ///
  /// @param at of the group, whose rows have `cols` columns
  /// @param from the first block
  /// @param shared room for what tiles share
  /// @param line from the scales of a block to those of the next
  static void fill(
      Codes type, long at, int from, int blocks, int cols, long shared, long scales, long line) {
    TileScales kind = type.scales();
    int tileStep = type.tileStep(cols);
    int sharedStep = type.sharedStep(cols);
    shared(kind, at + type.sharedAt(cols, from), sharedStep, blocks, shared);
    long step = sharedStep(kind, sharedStep);
    long own = at + type.tileAt(cols, from) + type.planes().bytes();
    for (int block = 0; block < blocks; block++, own += tileStep) {
      fill(kind, own, shared + block * step, scales + block * line, scales);
    }
  }

  /// @param at of the tile's own lines
  /// @param shared its shared float16 as floats
  static void fill(TileScales kind, long at, long shared, long scales, long shifts) {
    for (int part = 0; part < ROWS; part += L) {
      long lane = at + 2L * part;
      long to = 2L * part;
      long half = shared + to;
      switch (kind) {
        case HALF -> halves(lane, scales + to);
        case HALF_AND_SHIFT -> {
          halves(lane, scales + to);
          halves(lane + LINE, shifts + to);
        }
        case POWER -> powers(lane, scales + to);
        case PRODUCT -> lowProducts(half, lane, scales + to);
        case PRODUCTS -> {
          lowProducts(half, lane, scales + to);
          highProducts(half, lane, scales + to + NEXT);
        }
        case PRODUCT_AND_SHIFT -> {
          products(half, lane, 0xff, 0, 1, scales + to);
          products(half + NEXT, lane, 0xff, 8, -1, shifts + to);
        }
        case PRODUCTS_AND_SHIFTS -> {
          products(half, lane, 15, 0, 1, scales + to);
          products(half, lane, 15, 8, 1, scales + to + NEXT);
          products(half + NEXT, lane, 15, 4, -1, shifts + to);
          products(half + NEXT, lane, 15, 12, -1, shifts + to + NEXT);
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

  /// With the signed low bytes of the shorts at `bytesAt`.
  private static void lowProducts(long half, long bytesAt, long to) {
    IntVector bytes = shorts(bytesAt).reinterpretAsInts();
    store(floats(half), bytes.lanewise(LSHL, 24).lanewise(ASHR, 24), to);
    store(floats(half + HIGH), bytes.lanewise(LSHL, 8).lanewise(ASHR, 24), to + HIGH);
  }

  /// With the high ones.
  private static void highProducts(long half, long bytesAt, long to) {
    IntVector bytes = shorts(bytesAt).reinterpretAsInts();
    store(floats(half), bytes.lanewise(LSHL, 16).lanewise(ASHR, 24), to);
    store(floats(half + HIGH), bytes.lanewise(ASHR, 24), to + HIGH);
  }

  /// With the bits from bit `shift` of the shorts at `bitsAt` on that the mask has, and a sign.
  private static void products(long half, long bitsAt, int mask, int shift, float sign, long to) {
    IntVector bits = shorts(bitsAt).reinterpretAsInts().lanewise(LSHR, shift);
    store(floats(half).mul(sign), bits.and(mask), to);
    store(floats(half + HIGH).mul(sign), bits.lanewise(LSHR, 16).and(mask), to + HIGH);
  }

  private static void store(FloatVector scale, IntVector factor, long to) {
    scale
        .mul((FloatVector) factor.convertShape(I2F, FLOATS, 0))
        .intoMemorySegment(ALL, to & ADDRESSES, ORDER);
  }
}
