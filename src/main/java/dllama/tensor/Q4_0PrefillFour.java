package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.SHORTS;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// The integer sums of one block: two vectors of rows times four tokens, for 16 registers, or for a
/// bundle that has no more.
final class Q4_0PrefillFour {
  static final int TOKENS = 4;

  private static final int TOKEN_CODES = Activations.TOKEN_CODES;

  /// Bytes of a vector of sums.
  private static final long SUM = (long) Short.BYTES * L;

  /// Bytes between the sums of the first vector of rows and those of the second.
  private static final long SECOND = Activations.BUNDLE * SUM;

  private Q4_0PrefillFour() {}

  /// @param codeAt index of the first token's codes, `offsetAt` of its offset
  /// @param sums address of its sums with the first vector of rows
  static void sums(
      long at0, long at1, int[] codes, int codeAt, int[] offsets, int offsetAt, long sums) {
    ShortVector a0 = IntVector.broadcast(INTS, offsets[offsetAt]).reinterpretAsShorts();
    ShortVector a1 = IntVector.broadcast(INTS, offsets[offsetAt + 1]).reinterpretAsShorts();
    ShortVector a2 = IntVector.broadcast(INTS, offsets[offsetAt + 2]).reinterpretAsShorts();
    ShortVector a3 = IntVector.broadcast(INTS, offsets[offsetAt + 3]).reinterpretAsShorts();
    ShortVector b0 = a0;
    ShortVector b1 = a1;
    ShortVector b2 = a2;
    ShortVector b3 = a3;
    ShortVector zero = ShortVector.zero(SHORTS);
    for (int line = 0; line < Q4_0.SCALES; line += Tiles.LINE) {
      ShortVector v = ShortVector.fromMemorySegment(SHORTS, ALL, (at0 & ADDRESSES) + line, ORDER);
      ShortVector u = ShortVector.fromMemorySegment(SHORTS, ALL, (at1 & ADDRESSES) + line, ORDER);
      // Four times, counted so that the compiler does not see it: unrolled, it would run out of
      // registers.
      for (int shifted = 1; shifted < 16; shifted <<= 1, codeAt++) {
        ShortVector code = IntVector.broadcast(INTS, codes[codeAt]).reinterpretAsShorts();
        a0 = code.mul(v).add(a0);
        b0 = code.mul(u).add(b0);
        code = IntVector.broadcast(INTS, codes[codeAt + TOKEN_CODES]).reinterpretAsShorts();
        a1 = code.mul(v).add(a1);
        b1 = code.mul(u).add(b1);
        code = IntVector.broadcast(INTS, codes[codeAt + 2 * TOKEN_CODES]).reinterpretAsShorts();
        a2 = code.mul(v).add(a2);
        b2 = code.mul(u).add(b2);
        code = IntVector.broadcast(INTS, codes[codeAt + 3 * TOKEN_CODES]).reinterpretAsShorts();
        a3 = code.mul(v).add(a3);
        b3 = code.mul(u).add(b3);
        v = zero.or(v).lanewise(LSHR, 4);
        u = zero.or(u).lanewise(LSHR, 4);
      }
    }
    long to = sums & ADDRESSES;
    a0.intoMemorySegment(ALL, to, ORDER);
    a1.intoMemorySegment(ALL, to + SUM, ORDER);
    a2.intoMemorySegment(ALL, to + (2 * SUM), ORDER);
    a3.intoMemorySegment(ALL, to + (3 * SUM), ORDER);
    b0.intoMemorySegment(ALL, to + SECOND, ORDER);
    b1.intoMemorySegment(ALL, to + (SECOND + SUM), ORDER);
    b2.intoMemorySegment(ALL, to + (SECOND + 2 * SUM), ORDER);
    b3.intoMemorySegment(ALL, to + (SECOND + 3 * SUM), ORDER);
  }
}
