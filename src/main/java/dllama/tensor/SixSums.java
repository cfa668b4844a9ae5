package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.SHORTS;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// Sums of runs of eight columns of six bits, as shorts ([SixTiles]), of the blocks of a chunk.
final class SixSums {
  /// Blocks that are computed with at a time, of one token and of more.
  static final int CHUNK = 8;

  static final int BUNDLE_CHUNK = 4;

  private static final int BUNDLE = Activations.BUNDLE;

  /// Columns of a run, the bytes of their lines, and how many there are in a block.
  static final int RUN = 8;

  static final int RUN_LINES = 3 * Tiles.LINE;
  static final int RUNS = Tiles.COLS / RUN;

  /// Bytes of a vector.
  private static final long V = (long) Short.BYTES * L;

  /// Bytes of the sums of a vector of rows, `[CHUNK, RUNS, L]`, and of those of a token.
  static final long SUMS = CHUNK * RUNS * V;

  static final long TOKEN_SUMS = BUNDLE_CHUNK * RUNS * V;

  /// Whether a vector holds all rows of a group; if not, one token has [SixDecode].
  static final boolean WHOLE = L == Tiles.ROWS;

  /// Those of a token in as many groups as a pass has, an even number, or of a bundle.
  static final long SUMS_BYTES = Math.max(SUMS * VectorProduct.MAX_GROUPS, TOKEN_SUMS * BUNDLE);

  private SixSums() {}

  /// One token, two groups at a time, which share the broadcasts; where vectors hold whole groups.
  ///
  /// @param sums address of the first vector's sums, `[CHUNK, RUNS, L]`
  /// @param two that and the others are what they are called, which the compiler must not know: a
  ///     constant takes a register for each shift
  static void one(
      long at,
      long groupBytes,
      int groups,
      int tileBytes,
      int blocks,
      int[] codes,
      int codeAt,
      int[] offsets,
      int offsetAt,
      long sums,
      int two,
      int four,
      int six) {
    ShortVector nibble = ShortVector.broadcast(SHORTS, 15);
    ShortVector high = ShortVector.broadcast(SHORTS, 48);
    int last = groups - 1;
    for (int block = 0; block < blocks; block++) {
      for (int g = 0; g < groups; g += 2) {
        // What is missing of a last pass is read twice; nobody reads its results.
        long at0 = (at + g * groupBytes) & ADDRESSES;
        long at1 = (at + Math.min(g + 1, last) * groupBytes) & ADDRESSES;
        long to = (sums + g * SUMS) & ADDRESSES;
        int codeOf = codeAt;
        int offsetOf = offsetAt;
        for (int line = 0; line < RUNS * RUN_LINES; line += RUN_LINES) {
          ShortVector code0 = IntVector.broadcast(INTS, codes[codeOf]).reinterpretAsShorts();
          ShortVector code1 = IntVector.broadcast(INTS, codes[codeOf + 1]).reinterpretAsShorts();
          ShortVector code2 = IntVector.broadcast(INTS, codes[codeOf + 2]).reinterpretAsShorts();
          ShortVector code3 = IntVector.broadcast(INTS, codes[codeOf + 3]).reinterpretAsShorts();
          ShortVector code4 = IntVector.broadcast(INTS, codes[codeOf + 4]).reinterpretAsShorts();
          ShortVector code5 = IntVector.broadcast(INTS, codes[codeOf + 5]).reinterpretAsShorts();
          ShortVector code6 = IntVector.broadcast(INTS, codes[codeOf + 6]).reinterpretAsShorts();
          ShortVector code7 = IntVector.broadcast(INTS, codes[codeOf + 7]).reinterpretAsShorts();
          ShortVector a = IntVector.broadcast(INTS, offsets[offsetOf]).reinterpretAsShorts();
          ShortVector b = a;
          ShortVector p = ShortVector.fromMemorySegment(SHORTS, ALL, at0 + line, ORDER);
          ShortVector q = ShortVector.fromMemorySegment(SHORTS, ALL, at0 + line + 64, ORDER);
          ShortVector r = ShortVector.fromMemorySegment(SHORTS, ALL, at0 + line + 128, ORDER);
          ShortVector y = p.and(nibble).or(r.lanewise(LSHL, four).and(high));
          ShortVector z = q.and(nibble).or(r.lanewise(LSHL, two).and(high));
          p = p.lanewise(LSHR, four);
          q = q.lanewise(LSHR, four);
          r = r.lanewise(LSHR, four);
          a = p.mul(code0).add(a);
          a = q.mul(code2).add(a);
          a = r.mul(code4).add(a);
          p = p.lanewise(LSHR, six);
          q = q.lanewise(LSHR, six);
          r = r.lanewise(LSHR, six);
          a = p.mul(code1).add(a);
          a = q.mul(code3).add(a);
          a = r.mul(code5).add(a);
          a = y.mul(code6).add(a);
          a = z.mul(code7).add(a);

          p = ShortVector.fromMemorySegment(SHORTS, ALL, at1 + line, ORDER);
          q = ShortVector.fromMemorySegment(SHORTS, ALL, at1 + line + 64, ORDER);
          r = ShortVector.fromMemorySegment(SHORTS, ALL, at1 + line + 128, ORDER);
          y = p.and(nibble).or(r.lanewise(LSHL, four).and(high));
          z = q.and(nibble).or(r.lanewise(LSHL, two).and(high));
          p = p.lanewise(LSHR, four);
          q = q.lanewise(LSHR, four);
          r = r.lanewise(LSHR, four);
          b = p.mul(code0).add(b);
          b = q.mul(code2).add(b);
          b = r.mul(code4).add(b);
          p = p.lanewise(LSHR, six);
          q = q.lanewise(LSHR, six);
          r = r.lanewise(LSHR, six);
          b = p.mul(code1).add(b);
          b = q.mul(code3).add(b);
          b = r.mul(code5).add(b);
          b = y.mul(code6).add(b);
          b = z.mul(code7).add(b);
          a.intoMemorySegment(ALL, to, ORDER);
          b.intoMemorySegment(ALL, to + SUMS, ORDER);
          to += V;
          codeOf += RUN;
          offsetOf += BUNDLE;
        }
      }
      at += tileBytes;
      sums += RUNS * V;
      codeAt += Activations.BLOCK_STRIDE;
      offsetAt += RUNS * BUNDLE;
    }
  }

  /// Four tokens, one vector of rows.
  static void four(
      long at,
      int tileBytes,
      int blocks,
      int[] codes,
      int codeAt,
      int[] offsets,
      int offsetAt,
      long sums,
      int two,
      int four,
      int six) {
    ShortVector nibble = ShortVector.broadcast(SHORTS, 15);
    ShortVector high = ShortVector.broadcast(SHORTS, 48);
    for (int block = 0; block < blocks; block++) {
      long from = at & ADDRESSES;
      long to = sums & ADDRESSES;
      int c = codeAt;
      for (int line = 0; line < RUNS * RUN_LINES; line += RUN_LINES) {
        ShortVector a0 = IntVector.broadcast(INTS, offsets[offsetAt + 0]).reinterpretAsShorts();
        ShortVector a1 = IntVector.broadcast(INTS, offsets[offsetAt + 1]).reinterpretAsShorts();
        ShortVector a2 = IntVector.broadcast(INTS, offsets[offsetAt + 2]).reinterpretAsShorts();
        ShortVector a3 = IntVector.broadcast(INTS, offsets[offsetAt + 3]).reinterpretAsShorts();
        ShortVector p = ShortVector.fromMemorySegment(SHORTS, ALL, from + line, ORDER);
        ShortVector q = ShortVector.fromMemorySegment(SHORTS, ALL, from + line + 64, ORDER);
        ShortVector r = ShortVector.fromMemorySegment(SHORTS, ALL, from + line + 128, ORDER);
        ShortVector y = p.and(nibble).or(r.lanewise(LSHL, four).and(high));
        ShortVector z = q.and(nibble).or(r.lanewise(LSHL, two).and(high));
        ShortVector code;
        p = p.lanewise(LSHR, four);
        code = IntVector.broadcast(INTS, codes[c + 0]).reinterpretAsShorts();
        a0 = p.mul(code).add(a0);
        code = IntVector.broadcast(INTS, codes[c + 32]).reinterpretAsShorts();
        a1 = p.mul(code).add(a1);
        code = IntVector.broadcast(INTS, codes[c + 64]).reinterpretAsShorts();
        a2 = p.mul(code).add(a2);
        code = IntVector.broadcast(INTS, codes[c + 96]).reinterpretAsShorts();
        a3 = p.mul(code).add(a3);
        p = p.lanewise(LSHR, six);
        code = IntVector.broadcast(INTS, codes[c + 1]).reinterpretAsShorts();
        a0 = p.mul(code).add(a0);
        code = IntVector.broadcast(INTS, codes[c + 33]).reinterpretAsShorts();
        a1 = p.mul(code).add(a1);
        code = IntVector.broadcast(INTS, codes[c + 65]).reinterpretAsShorts();
        a2 = p.mul(code).add(a2);
        code = IntVector.broadcast(INTS, codes[c + 97]).reinterpretAsShorts();
        a3 = p.mul(code).add(a3);
        q = q.lanewise(LSHR, four);
        code = IntVector.broadcast(INTS, codes[c + 2]).reinterpretAsShorts();
        a0 = q.mul(code).add(a0);
        code = IntVector.broadcast(INTS, codes[c + 34]).reinterpretAsShorts();
        a1 = q.mul(code).add(a1);
        code = IntVector.broadcast(INTS, codes[c + 66]).reinterpretAsShorts();
        a2 = q.mul(code).add(a2);
        code = IntVector.broadcast(INTS, codes[c + 98]).reinterpretAsShorts();
        a3 = q.mul(code).add(a3);
        q = q.lanewise(LSHR, six);
        code = IntVector.broadcast(INTS, codes[c + 3]).reinterpretAsShorts();
        a0 = q.mul(code).add(a0);
        code = IntVector.broadcast(INTS, codes[c + 35]).reinterpretAsShorts();
        a1 = q.mul(code).add(a1);
        code = IntVector.broadcast(INTS, codes[c + 67]).reinterpretAsShorts();
        a2 = q.mul(code).add(a2);
        code = IntVector.broadcast(INTS, codes[c + 99]).reinterpretAsShorts();
        a3 = q.mul(code).add(a3);
        r = r.lanewise(LSHR, four);
        code = IntVector.broadcast(INTS, codes[c + 4]).reinterpretAsShorts();
        a0 = r.mul(code).add(a0);
        code = IntVector.broadcast(INTS, codes[c + 36]).reinterpretAsShorts();
        a1 = r.mul(code).add(a1);
        code = IntVector.broadcast(INTS, codes[c + 68]).reinterpretAsShorts();
        a2 = r.mul(code).add(a2);
        code = IntVector.broadcast(INTS, codes[c + 100]).reinterpretAsShorts();
        a3 = r.mul(code).add(a3);
        r = r.lanewise(LSHR, six);
        code = IntVector.broadcast(INTS, codes[c + 5]).reinterpretAsShorts();
        a0 = r.mul(code).add(a0);
        code = IntVector.broadcast(INTS, codes[c + 37]).reinterpretAsShorts();
        a1 = r.mul(code).add(a1);
        code = IntVector.broadcast(INTS, codes[c + 69]).reinterpretAsShorts();
        a2 = r.mul(code).add(a2);
        code = IntVector.broadcast(INTS, codes[c + 101]).reinterpretAsShorts();
        a3 = r.mul(code).add(a3);
        code = IntVector.broadcast(INTS, codes[c + 6]).reinterpretAsShorts();
        a0 = y.mul(code).add(a0);
        code = IntVector.broadcast(INTS, codes[c + 38]).reinterpretAsShorts();
        a1 = y.mul(code).add(a1);
        code = IntVector.broadcast(INTS, codes[c + 70]).reinterpretAsShorts();
        a2 = y.mul(code).add(a2);
        code = IntVector.broadcast(INTS, codes[c + 102]).reinterpretAsShorts();
        a3 = y.mul(code).add(a3);
        code = IntVector.broadcast(INTS, codes[c + 7]).reinterpretAsShorts();
        a0 = z.mul(code).add(a0);
        code = IntVector.broadcast(INTS, codes[c + 39]).reinterpretAsShorts();
        a1 = z.mul(code).add(a1);
        code = IntVector.broadcast(INTS, codes[c + 71]).reinterpretAsShorts();
        a2 = z.mul(code).add(a2);
        code = IntVector.broadcast(INTS, codes[c + 103]).reinterpretAsShorts();
        a3 = z.mul(code).add(a3);
        a0.intoMemorySegment(ALL, to + 0 * TOKEN_SUMS, ORDER);
        a1.intoMemorySegment(ALL, to + 1 * TOKEN_SUMS, ORDER);
        a2.intoMemorySegment(ALL, to + 2 * TOKEN_SUMS, ORDER);
        a3.intoMemorySegment(ALL, to + 3 * TOKEN_SUMS, ORDER);
        to += V;
        c += RUN;
        offsetAt += BUNDLE;
      }
      at += tileBytes;
      sums += RUNS * V;
      codeAt += Activations.BLOCK_STRIDE;
    }
  }
}
