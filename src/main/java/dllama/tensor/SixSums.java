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
  /// Blocks that are computed with at a time.
  static final int CHUNK = 4;

  private static final int BUNDLE = Activations.BUNDLE;

  /// Columns of a run, the bytes of their lines, and how many there are in a block.
  static final int RUN = 8;

  static final int RUN_LINES = 3 * Tiles.LINE;
  static final int RUNS = Tiles.COLS / RUN;

  /// Bytes of a vector.
  private static final long V = (long) Short.BYTES * L;

  /// Bytes of the sums of a token in a vector of rows, `[CHUNK, RUNS, L]`, and of a bundle's.
  static final long TOKEN_SUMS = CHUNK * RUNS * V;

  static final long SUMS_BYTES = TOKEN_SUMS * BUNDLE;

  private SixSums() {}

  /// Four tokens, one vector of rows.
  ///
  /// @param sums address of the first token's sums, `[CHUNK, RUNS, L]`
  /// @param two that and the others are what they are called, which the compiler must not know: a
  ///     constant takes a register for each shift
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
