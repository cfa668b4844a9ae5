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

  /// Scales and shifts of some blocks of a group of rows; shifts are what is added where the centre
  /// is taken off codes.
  ///
  /// @param group address of the group, whose rows have `cols` columns
  /// @param from the first block
  /// @param shared room for what tiles share
  static void ofGroup(
      Codes type,
      long group,
      int from,
      int blocks,
      int cols,
      long shared,
      long scales,
      long shifts) {
    int step = type.sharedStep(cols);
    shared(type.scales(), group + type.sharedAt(cols, from), 0, 1, step, blocks, shared);
    own(type, group, from, blocks, cols, shared, scales, shifts);
  }

  /// The same where what tiles share is there.
  static void own(
      Codes type,
      long group,
      int from,
      int blocks,
      int cols,
      long shared,
      long scales,
      long shifts) {
    TileScales kind = type.scales();
    long own = group + type.tileAt(cols, from) + type.planes().bytes();
    long next = sharedStep(kind, type.sharedStep(cols));
    fill(kind, own, type.tileStep(cols), blocks, shared, next, scales, shifts);
    if (kind.shifts()) {
      centre(scales, shifts, blocks * kind.parts(), type.centre());
    }
  }

  /// The shared float16 ([TileScales#shared]) of the tiles of some blocks, `[blocks, shared, 32]`;
  /// the second one makes shifts, which are subtracted, and is negated.
  ///
  /// @param at of the first group's first tile's
  /// @param groups that lie `groupBytes` apart; of each there is room for [Scratch#SHARED_BYTES]
  /// @param step to those of the next tile; 0 if all have the same, which then are written once
  static void shared(
      TileScales kind, long at, long groupBytes, int groups, int step, int blocks, long to) {
    for (int part = 0; part < ROWS; part += L) {
      sharedOfVector(kind, at + 2L * part, groupBytes, groups, step, blocks, to + 2L * part);
    }
  }

  /// The same for one vector of rows of each group.
  static void sharedOfVector(
      TileScales kind, long at, long groupBytes, int groups, int step, int blocks, long to) {
    int count = step == 0 ? 1 : blocks;
    sharedHalves(at, groupBytes, groups, step, count, kind.shared(), to);
  }

  /// From those of a tile to those of the next, as floats.
  static long sharedStep(TileScales kind, int step) {
    return step == 0 ? 0 : kind.shared() * NEXT;
  }

  /// @param at of the first tile's own lines, `step` bytes before those of the next
  /// @param shared its shared float16 as floats, likewise
  private static void fill(
      TileScales kind,
      long at,
      int step,
      int blocks,
      long shared,
      long sharedStep,
      long scales,
      long shifts) {
    long line = kind.parts() * NEXT;
    for (int part = 0; part < ROWS; part += L) {
      long lane = at + 2L * part;
      long half = shared + 2L * part;
      long to = scales + 2L * part;
      long shift = shifts + 2L * part;
      switch (kind) {
        case HALF -> halves(lane, step, blocks, to, line);
        case HALF_AND_SHIFT -> {
          halves(lane, step, blocks, to, line);
          halves(lane + LINE, step, blocks, shift, line);
        }
        case POWER -> powers(lane, step, blocks, to, line);
        case PRODUCT -> lowProducts(half, sharedStep, lane, step, blocks, to, line);
        case PRODUCTS -> {
          lowProducts(half, sharedStep, lane, step, blocks, to, line);
          highProducts(half, sharedStep, lane, step, blocks, to + NEXT, line);
        }
        case PRODUCT_AND_SHIFT -> {
          products(half, sharedStep, lane, step, blocks, 0xff, 0, to, line);
          products(half + NEXT, sharedStep, lane, step, blocks, 0xff, 8, shift, line);
        }
        case PRODUCTS_AND_SHIFTS -> {
          products(half, sharedStep, lane, step, blocks, 15, 0, to, line);
          products(half, sharedStep, lane, step, blocks, 15, 8, to + NEXT, line);
          products(half + NEXT, sharedStep, lane, step, blocks, 15, 4, shift, line);
          products(half + NEXT, sharedStep, lane, step, blocks, 15, 12, shift + NEXT, line);
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

  private static void halves(long at, int step, int blocks, long to, long line) {
    for (int block = 0; block < blocks; block++, at += step, to += line) {
      IntVector halves = shorts(at).reinterpretAsInts();
      lowHalf(halves).intoMemorySegment(ALL, to & ADDRESSES, ORDER);
      highHalf(halves).intoMemorySegment(ALL, (to & ADDRESSES) + HIGH, ORDER);
    }
  }

  /// A line has to be waited for, so those of all groups are asked for together.
  private static void sharedHalves(
      long at, long groupBytes, int groups, int step, int blocks, int lines, long to) {
    for (int block = 0; block < blocks; block++) {
      for (int line = 0; line < lines; line++) {
        FloatVector sign = FloatVector.broadcast(FLOATS, line == 0 ? 1 : -1);
        for (int g = 0; g < groups; g++) {
          IntVector halves = shorts(at + g * groupBytes + (long) line * LINE).reinterpretAsInts();
          long room = (to + g * Scratch.SHARED_BYTES + line * NEXT) & ADDRESSES;
          lowHalf(halves).mul(sign).intoMemorySegment(ALL, room, ORDER);
          highHalf(halves).mul(sign).intoMemorySegment(ALL, room + HIGH, ORDER);
        }
      }
      at += step;
      to += lines * NEXT;
    }
  }

  private static void powers(long at, int step, int blocks, long to, long line) {
    for (int block = 0; block < blocks; block++, at += step, to += line) {
      IntVector halves = shorts(at).reinterpretAsInts();
      halves.lanewise(LSHL, 16).reinterpretAsFloats().intoMemorySegment(ALL, to & ADDRESSES, ORDER);
      halves
          .and(0xffff0000)
          .reinterpretAsFloats()
          .intoMemorySegment(ALL, (to & ADDRESSES) + HIGH, ORDER);
    }
  }

  /// With the signed low bytes of the shorts at `bytesAt`.
  private static void lowProducts(
      long half, long halfStep, long bytesAt, int step, int blocks, long to, long line) {
    for (int block = 0; block < blocks; block++, half += halfStep, bytesAt += step, to += line) {
      IntVector bytes = shorts(bytesAt).reinterpretAsInts();
      store(floats(half), bytes.lanewise(LSHL, 24).lanewise(ASHR, 24), to);
      store(floats(half + HIGH), bytes.lanewise(LSHL, 8).lanewise(ASHR, 24), to + HIGH);
    }
  }

  /// With the high ones.
  private static void highProducts(
      long half, long halfStep, long bytesAt, int step, int blocks, long to, long line) {
    for (int block = 0; block < blocks; block++, half += halfStep, bytesAt += step, to += line) {
      IntVector bytes = shorts(bytesAt).reinterpretAsInts();
      store(floats(half), bytes.lanewise(LSHL, 16).lanewise(ASHR, 24), to);
      store(floats(half + HIGH), bytes.lanewise(ASHR, 24), to + HIGH);
    }
  }

  /// With the bits from bit `shift` of the shorts at `bitsAt` on that the mask has.
  private static void products(
      long half,
      long halfStep,
      long bitsAt,
      int step,
      int blocks,
      int mask,
      int shift,
      long to,
      long line) {
    for (int block = 0; block < blocks; block++, half += halfStep, bitsAt += step, to += line) {
      IntVector bits = shorts(bitsAt).reinterpretAsInts().lanewise(LSHR, shift);
      store(floats(half), bits.and(mask), to);
      store(floats(half + HIGH), bits.lanewise(LSHR, 16).and(mask), to + HIGH);
    }
  }

  private static void store(FloatVector scale, IntVector factor, long to) {
    scale
        .mul((FloatVector) factor.convertShape(I2F, FLOATS, 0))
        .intoMemorySegment(ALL, to & ADDRESSES, ORDER);
  }
}
