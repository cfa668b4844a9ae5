package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.REBIAS;
import static dllama.tensor.Vectors.SHORTS;
import static dllama.tensor.Vectors.broadcast;
import static dllama.tensor.Vectors.shorts;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// Groups of 32 rows of Q40 weights times one token.
///
/// A lane of shorts holds four nibbles of one row. It is shifted, multiplied by the codes of
/// [Activations] and added, all modulo 2^16. That is exact: a block's true sum is at most 32 · 8 ·
/// 127 < 2^15, and it does not matter when the offset of the nibbles, −8 · Σ code, goes in.
///
/// Below 512 bit, several groups are read side by side: a processor fetches ahead on each of
/// several streams, and one alone leaves it waiting for memory. Two of them at a time share the
/// broadcasts of the codes; of more, the sums would not fit the registers. Scaled sums are added up
/// in the first level cache, outside the heap: vectors of an array would straddle cache lines.
final class Q40Decode {
  /// Groups of one pass.
  static final int GROUPS = L == Tiles.ROWS ? 1 : 4;

  /// In words, for people.
  static final String FORM = GROUPS == 1 ? "1 group a pass" : GROUPS + " groups a pass";

  /// Distance between the results of groups in [Scratch#acc].
  private static final int ACC_STRIDE = Activations.BUNDLE * Tiles.ROWS;

  /// Bytes of the results of a group; those of the group after the first of two are this far away.
  private static final long NEXT = Tiles.F32_LINE;

  /// Byte of the results of the rows in the high halves of ints; see [Tiles].
  private static final long HIGH = NEXT / 2;

  /// Byte of the results of the second vector of a pair.
  private static final long SECOND = (long) Float.BYTES * F;

  private static final long SCALES = Tiles.Q40_SCALES;

  private Q40Decode() {}

  /// Writes results to the first row of each group of `scratch.acc`, `[groups, 8, 32]`.
  static void groups(
      long at, long groupBytes, int groups, Activations x, int token, Scratch scratch) {
    if (L == Tiles.ROWS) {
      for (int g = 0; g < groups; g++) {
        rows(
            at + g * groupBytes,
            x.blocks(),
            x.codes(),
            x.codeAt(token),
            x.offsets(),
            x.scales(),
            x.scaleAt(token),
            scratch.acc,
            g * ACC_STRIDE);
      }
    } else {
      pairs(at, groupBytes, groups, x, token, scratch);
    }
  }

  /// Vectors of rows in pairs, which are all of a group at 256 bit.
  private static void pairs(
      long at, long groupBytes, int groups, Activations x, int token, Scratch scratch) {
    MemorySegment results = scratch.results;
    results.fill((byte) 0);
    for (int part = 0; part < Tiles.ROWS; part += 2 * L) {
      quads(
          at + part * 2L,
          groupBytes,
          groups,
          x.blocks(),
          x.codes(),
          x.codeAt(token),
          x.offsets(),
          x.scales(),
          x.scaleAt(token),
          results.address() + part * 2L,
          4);
    }
    for (int g = 0; g < groups; g++) {
      MemorySegment.copy(results, Tiles.FLOAT, g * NEXT, scratch.acc, g * ACC_STRIDE, Tiles.ROWS);
    }
  }

  /// One vector of rows in one pass, which is all of the group at 512 bit.
  private static void rows(
      long at,
      int blocks,
      int[] codes,
      int codeAt,
      int[] offsets,
      float[] scales,
      int scaleAt,
      float[] out,
      int outAt) {
    IntVector half = IntVector.broadcast(INTS, 0x8fffe000);
    ShortVector one = ShortVector.broadcast(SHORTS, 4);
    ShortVector two = ShortVector.broadcast(SHORTS, 8);
    ShortVector three = ShortVector.broadcast(SHORTS, 12);
    FloatVector accLow = FloatVector.zero(FLOATS);
    FloatVector accHigh = accLow;
    for (int block = 0; block < blocks; block++) {
      ShortVector sum0 = IntVector.broadcast(INTS, offsets[scaleAt]).reinterpretAsShorts();
      ShortVector sum1 = ShortVector.zero(SHORTS);
      for (int line = 0; line < Tiles.Q40_SCALES; line += Tiles.LINE) {
        ShortVector v = shorts(at, line);
        int c = codeAt + line / 16;
        sum0 = sum0.add(v.mul(broadcast(codes[c])));
        sum1 = sum1.add(v.lanewise(LSHR, one).mul(broadcast(codes[c + 1])));
        sum0 = sum0.add(v.lanewise(LSHR, two).mul(broadcast(codes[c + 2])));
        sum1 = sum1.add(v.lanewise(LSHR, three).mul(broadcast(codes[c + 3])));
      }
      FloatVector xScale = FloatVector.broadcast(FLOATS, scales[scaleAt] * REBIAS);
      IntVector halves = shorts(at + Tiles.Q40_SCALES).reinterpretAsInts();
      IntVector sums = sum0.add(sum1).reinterpretAsInts();
      FloatVector scale =
          halves.lanewise(LSHL, 16).lanewise(ASHR, 3).and(half).reinterpretAsFloats();
      FloatVector sum =
          (FloatVector) sums.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
      accLow = sum.fma(scale.mul(xScale), accLow);
      scale = halves.lanewise(ASHR, 3).and(half).reinterpretAsFloats();
      sum = (FloatVector) sums.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
      accHigh = sum.fma(scale.mul(xScale), accHigh);
      at += Tiles.Q40_BYTES;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
    accLow.intoArray(out, outAt);
    accHigh.intoArray(out, outAt + Tiles.ROWS / 2);
  }

  /// Two vectors of rows of two groups at a time, which share the broadcasts; adds to the results,
  /// `[groups, 32]` from address `acc` on.
  ///
  /// It scales its sums itself, four times the same, at the price of being long: the compiler has
  /// inlined enough by then, and would box what is passed to a method of ours; see [Vectors].
  ///
  /// @param nibble 4, which the compiler must not know: a constant takes a register for each shift
  private static void quads(
      long at,
      long groupBytes,
      int groups,
      int blocks,
      int[] codes,
      int codeAt,
      int[] offsets,
      float[] scales,
      int scaleAt,
      long acc,
      int nibble) {
    IntVector half = IntVector.broadcast(INTS, 0x8fffe000);
    for (int block = 0; block < blocks; block++) {
      ShortVector offset = IntVector.broadcast(INTS, offsets[scaleAt]).reinterpretAsShorts();
      FloatVector xScale = FloatVector.broadcast(FLOATS, scales[scaleAt] * REBIAS);
      for (int g = 0; g < groups; g += 2) {
        long at0 = (at + g * groupBytes) & ADDRESSES;
        long at1 = (at + Math.min(g + 1, groups - 1) * groupBytes) & ADDRESSES;
        ShortVector a = offset;
        ShortVector b = offset;
        ShortVector c = offset;
        ShortVector d = offset;
        for (int line = 0; line < Tiles.Q40_SCALES; line += Tiles.LINE) {
          ShortVector p = shorts(at0, line);
          ShortVector q = shorts(at0, line + 2 * L);
          ShortVector r = shorts(at1, line);
          ShortVector s = shorts(at1, line + 2 * L);
          int at4 = codeAt + line / 16;
          ShortVector code0 = broadcast(codes[at4]);
          ShortVector code1 = broadcast(codes[at4 + 1]);
          ShortVector code2 = broadcast(codes[at4 + 2]);
          ShortVector code3 = broadcast(codes[at4 + 3]);
          a = a.add(p.mul(code0));
          b = b.add(q.mul(code0));
          c = c.add(r.mul(code0));
          d = d.add(s.mul(code0));
          p = p.lanewise(LSHR, nibble);
          q = q.lanewise(LSHR, nibble);
          r = r.lanewise(LSHR, nibble);
          s = s.lanewise(LSHR, nibble);
          a = a.add(p.mul(code1));
          b = b.add(q.mul(code1));
          c = c.add(r.mul(code1));
          d = d.add(s.mul(code1));
          p = p.lanewise(LSHR, nibble);
          q = q.lanewise(LSHR, nibble);
          r = r.lanewise(LSHR, nibble);
          s = s.lanewise(LSHR, nibble);
          a = a.add(p.mul(code2));
          b = b.add(q.mul(code2));
          c = c.add(r.mul(code2));
          d = d.add(s.mul(code2));
          p = p.lanewise(LSHR, nibble);
          q = q.lanewise(LSHR, nibble);
          r = r.lanewise(LSHR, nibble);
          s = s.lanewise(LSHR, nibble);
          a = a.add(p.mul(code3));
          b = b.add(q.mul(code3));
          c = c.add(r.mul(code3));
          d = d.add(s.mul(code3));
        }
        // A last group without a second one is its own second, whose results nobody reads.
        long to = (acc + g * NEXT) & ADDRESSES;
        IntVector sums = a.reinterpretAsInts();
        IntVector halves = IntVector.fromMemorySegment(INTS, ALL, at0 + SCALES, ORDER);
        FloatVector sum =
            (FloatVector) sums.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        FloatVector scale =
            halves.lanewise(LSHL, 16).lanewise(ASHR, 3).and(half).reinterpretAsFloats();
        FloatVector added = FloatVector.fromMemorySegment(FLOATS, ALL, to, ORDER);
        sum.fma(scale.mul(xScale), added).intoMemorySegment(ALL, to, ORDER);
        sum = (FloatVector) sums.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        scale = halves.lanewise(ASHR, 3).and(half).reinterpretAsFloats();
        added = FloatVector.fromMemorySegment(FLOATS, ALL, to + HIGH, ORDER);
        sum.fma(scale.mul(xScale), added).intoMemorySegment(ALL, to + HIGH, ORDER);

        sums = b.reinterpretAsInts();
        halves = IntVector.fromMemorySegment(INTS, ALL, at0 + (SCALES + 2L * L), ORDER);
        sum = (FloatVector) sums.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        scale = halves.lanewise(LSHL, 16).lanewise(ASHR, 3).and(half).reinterpretAsFloats();
        added = FloatVector.fromMemorySegment(FLOATS, ALL, to + SECOND, ORDER);
        sum.fma(scale.mul(xScale), added).intoMemorySegment(ALL, to + SECOND, ORDER);
        sum = (FloatVector) sums.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        scale = halves.lanewise(ASHR, 3).and(half).reinterpretAsFloats();
        added = FloatVector.fromMemorySegment(FLOATS, ALL, to + (HIGH + SECOND), ORDER);
        sum.fma(scale.mul(xScale), added).intoMemorySegment(ALL, to + (HIGH + SECOND), ORDER);

        sums = c.reinterpretAsInts();
        halves = IntVector.fromMemorySegment(INTS, ALL, at1 + SCALES, ORDER);
        sum = (FloatVector) sums.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        scale = halves.lanewise(LSHL, 16).lanewise(ASHR, 3).and(half).reinterpretAsFloats();
        added = FloatVector.fromMemorySegment(FLOATS, ALL, to + NEXT, ORDER);
        sum.fma(scale.mul(xScale), added).intoMemorySegment(ALL, to + NEXT, ORDER);
        sum = (FloatVector) sums.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        scale = halves.lanewise(ASHR, 3).and(half).reinterpretAsFloats();
        added = FloatVector.fromMemorySegment(FLOATS, ALL, to + (NEXT + HIGH), ORDER);
        sum.fma(scale.mul(xScale), added).intoMemorySegment(ALL, to + (NEXT + HIGH), ORDER);

        sums = d.reinterpretAsInts();
        halves = IntVector.fromMemorySegment(INTS, ALL, at1 + (SCALES + 2L * L), ORDER);
        sum = (FloatVector) sums.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        scale = halves.lanewise(LSHL, 16).lanewise(ASHR, 3).and(half).reinterpretAsFloats();
        added = FloatVector.fromMemorySegment(FLOATS, ALL, to + (NEXT + SECOND), ORDER);
        sum.fma(scale.mul(xScale), added).intoMemorySegment(ALL, to + (NEXT + SECOND), ORDER);
        sum = (FloatVector) sums.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        scale = halves.lanewise(ASHR, 3).and(half).reinterpretAsFloats();
        added = FloatVector.fromMemorySegment(FLOATS, ALL, to + (NEXT + HIGH + SECOND), ORDER);
        sum.fma(scale.mul(xScale), added)
            .intoMemorySegment(ALL, to + (NEXT + HIGH + SECOND), ORDER);
      }
      at += Tiles.Q40_BYTES;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
  }
}
