package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.REBIAS;
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

/// Groups of 32 rows of Q4_0 weights times one token.
///
/// A lane of shorts holds four nibbles of one row. It is shifted, multiplied by the codes of
/// [Activations] and added, all modulo 2^16. That is exact: a block's true sum is at most 32 · 8 ·
/// 127 < 2^15, and it does not matter when the offset of the nibbles, −8 · Σ code, goes in.
///
/// Several groups are read side by side: a processor fetches ahead on each of several streams, and
/// one alone leaves it waiting for memory. Four vectors of rows at a time share the broadcasts of
/// the codes: those of two groups at 256 bit, of four at 512; of more, the sums would not fit the
/// registers. Scaled sums are added up in the first level cache, outside the heap: vectors of an
/// array would straddle cache lines.
final class Q4_0Decode implements VectorProduct {
  private static final int GROUPS = 4;

  /// Bytes of the results of a group; those of the group after the first of two are this far away.
  private static final long NEXT = Tiles.F32_LINE;

  /// Byte of the results of the rows in the high halves of ints; see [Tiles].
  private static final long HIGH = NEXT / 2;

  /// Whether a vector holds all rows of a group, so that a pair of vectors is one of groups.
  private static final boolean WHOLE = L == Tiles.ROWS;

  /// Byte of the results of the second vector of a pair, and of the second pair.
  private static final long SECOND = WHOLE ? NEXT : (long) Float.BYTES * F;

  private static final long PAIR = WHOLE ? 2 * NEXT : NEXT;

  /// Groups in four vectors.
  private static final int STEP = WHOLE ? 4 : 2;

  private static final long SCALES = Q4_0.SCALES;

  @Override
  public String name() {
    return GROUPS + " groups a pass";
  }

  @Override
  public int groups() {
    return GROUPS;
  }

  @Override
  public void pass(
      long at, long groupBytes, int groups, Activations x, int token, int count, Scratch scratch) {
    groups(at, groupBytes, groups, x, token, scratch);
  }

  /// Writes results to the first row of each group of `scratch.acc`, `[groups, 8, 32]`.
  static void groups(
      long at, long groupBytes, int groups, Activations x, int token, Scratch scratch) {
    MemorySegment results = scratch.results;
    results.fill((byte) 0);
    for (int part = 0; part < Tiles.ROWS; part += WHOLE ? L : 2 * L) {
      quads(
          at + part * 2L,
          groupBytes,
          groups,
          x.blocks(),
          x.codes(InputForm.CARRIED_CODES),
          x.codeAt(token),
          x.offsets(),
          x.scales(),
          x.scaleAt(token),
          results.address() + part * 2L,
          4);
    }
    scratch.takeResults(groups);
  }

  /// Two pairs of vectors of rows at a time, which share the broadcasts; adds to the results,
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
    int last = groups - 1;
    for (int block = 0; block < blocks; block++) {
      ShortVector offset = IntVector.broadcast(INTS, offsets[scaleAt]).reinterpretAsShorts();
      FloatVector xScale = FloatVector.broadcast(FLOATS, scales[scaleAt] * REBIAS);
      for (int g = 0; g < groups; g += STEP) {
        // What is missing of a last pass is read twice; nobody reads its results.
        long at0 = (at + g * groupBytes) & ADDRESSES;
        long at1 = (WHOLE ? at + Math.min(g + 1, last) * groupBytes : at0 + 2L * L) & ADDRESSES;
        long at2 = (at + Math.min(g + STEP / 2, last) * groupBytes) & ADDRESSES;
        long at3 = (WHOLE ? at + Math.min(g + 3, last) * groupBytes : at2 + 2L * L) & ADDRESSES;
        ShortVector a = offset;
        ShortVector b = offset;
        ShortVector c = offset;
        ShortVector d = offset;
        for (int line = 0; line < Q4_0.SCALES; line += Tiles.LINE) {
          ShortVector p = shorts(at0, line);
          ShortVector q = shorts(at1, line);
          ShortVector r = shorts(at2, line);
          ShortVector s = shorts(at3, line);
          int at4 = codeAt + line / 16;
          ShortVector code0 = broadcast(codes[at4]);
          ShortVector code1 = broadcast(codes[at4 + 1]);
          ShortVector code2 = broadcast(codes[at4 + 2]);
          ShortVector code3 = broadcast(codes[at4 + 3]);
          a = p.mul(code0).add(a);
          b = q.mul(code0).add(b);
          c = r.mul(code0).add(c);
          d = s.mul(code0).add(d);
          p = p.lanewise(LSHR, nibble);
          q = q.lanewise(LSHR, nibble);
          r = r.lanewise(LSHR, nibble);
          s = s.lanewise(LSHR, nibble);
          a = p.mul(code1).add(a);
          b = q.mul(code1).add(b);
          c = r.mul(code1).add(c);
          d = s.mul(code1).add(d);
          p = p.lanewise(LSHR, nibble);
          q = q.lanewise(LSHR, nibble);
          r = r.lanewise(LSHR, nibble);
          s = s.lanewise(LSHR, nibble);
          a = p.mul(code2).add(a);
          b = q.mul(code2).add(b);
          c = r.mul(code2).add(c);
          d = s.mul(code2).add(d);
          p = p.lanewise(LSHR, nibble);
          q = q.lanewise(LSHR, nibble);
          r = r.lanewise(LSHR, nibble);
          s = s.lanewise(LSHR, nibble);
          a = p.mul(code3).add(a);
          b = q.mul(code3).add(b);
          c = r.mul(code3).add(c);
          d = s.mul(code3).add(d);
        }
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
        halves = IntVector.fromMemorySegment(INTS, ALL, at1 + SCALES, ORDER);
        sum = (FloatVector) sums.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        scale = halves.lanewise(LSHL, 16).lanewise(ASHR, 3).and(half).reinterpretAsFloats();
        added = FloatVector.fromMemorySegment(FLOATS, ALL, to + SECOND, ORDER);
        sum.fma(scale.mul(xScale), added).intoMemorySegment(ALL, to + SECOND, ORDER);
        sum = (FloatVector) sums.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        scale = halves.lanewise(ASHR, 3).and(half).reinterpretAsFloats();
        added = FloatVector.fromMemorySegment(FLOATS, ALL, to + (HIGH + SECOND), ORDER);
        sum.fma(scale.mul(xScale), added).intoMemorySegment(ALL, to + (HIGH + SECOND), ORDER);

        sums = c.reinterpretAsInts();
        halves = IntVector.fromMemorySegment(INTS, ALL, at2 + SCALES, ORDER);
        sum = (FloatVector) sums.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        scale = halves.lanewise(LSHL, 16).lanewise(ASHR, 3).and(half).reinterpretAsFloats();
        added = FloatVector.fromMemorySegment(FLOATS, ALL, to + PAIR, ORDER);
        sum.fma(scale.mul(xScale), added).intoMemorySegment(ALL, to + PAIR, ORDER);
        sum = (FloatVector) sums.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        scale = halves.lanewise(ASHR, 3).and(half).reinterpretAsFloats();
        added = FloatVector.fromMemorySegment(FLOATS, ALL, to + (PAIR + HIGH), ORDER);
        sum.fma(scale.mul(xScale), added).intoMemorySegment(ALL, to + (PAIR + HIGH), ORDER);

        sums = d.reinterpretAsInts();
        halves = IntVector.fromMemorySegment(INTS, ALL, at3 + SCALES, ORDER);
        sum = (FloatVector) sums.lanewise(LSHL, 16).lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        scale = halves.lanewise(LSHL, 16).lanewise(ASHR, 3).and(half).reinterpretAsFloats();
        added = FloatVector.fromMemorySegment(FLOATS, ALL, to + (PAIR + SECOND), ORDER);
        sum.fma(scale.mul(xScale), added).intoMemorySegment(ALL, to + (PAIR + SECOND), ORDER);
        sum = (FloatVector) sums.lanewise(ASHR, 16).convertShape(I2F, FLOATS, 0);
        scale = halves.lanewise(ASHR, 3).and(half).reinterpretAsFloats();
        added = FloatVector.fromMemorySegment(FLOATS, ALL, to + (PAIR + HIGH + SECOND), ORDER);
        sum.fma(scale.mul(xScale), added)
            .intoMemorySegment(ALL, to + (PAIR + HIGH + SECOND), ORDER);
      }
      at += Q4_0.TILE_BYTES;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
  }
}
