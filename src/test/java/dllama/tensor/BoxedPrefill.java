package dllama.tensor;

import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.shorts;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// What must be found out: a form of `Q4_0Prefill` that was used at 512 bit once. Two vectors of
/// rows times eight tokens fit the registers, and the results were right, but with eight codes read
/// through a segment in its loop the compiler had enough before the last of them: it called
/// [#broadcast], boxed its vector, and 250 billion products a second became 8.
final class BoxedPrefill {
  private static final int TOKEN_CODES = Activations.TOKEN_CODES;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private BoxedPrefill() {}

  private static ShortVector broadcast(long address, int offset) {
    int code = Vectors.ALL.get(INT, (address & Vectors.ADDRESSES) + offset);
    return IntVector.broadcast(INTS, code).reinterpretAsShorts();
  }

  static void eightSums(
      long at0, long at1, long codes, int[] offsets, int offsetAt, short[] sums, int sumAt) {
    ShortVector a0 = IntVector.broadcast(INTS, offsets[offsetAt]).reinterpretAsShorts();
    ShortVector a1 = IntVector.broadcast(INTS, offsets[offsetAt + 1]).reinterpretAsShorts();
    ShortVector a2 = IntVector.broadcast(INTS, offsets[offsetAt + 2]).reinterpretAsShorts();
    ShortVector a3 = IntVector.broadcast(INTS, offsets[offsetAt + 3]).reinterpretAsShorts();
    ShortVector a4 = IntVector.broadcast(INTS, offsets[offsetAt + 4]).reinterpretAsShorts();
    ShortVector a5 = IntVector.broadcast(INTS, offsets[offsetAt + 5]).reinterpretAsShorts();
    ShortVector a6 = IntVector.broadcast(INTS, offsets[offsetAt + 6]).reinterpretAsShorts();
    ShortVector a7 = IntVector.broadcast(INTS, offsets[offsetAt + 7]).reinterpretAsShorts();
    ShortVector b0 = a0;
    ShortVector b1 = a1;
    ShortVector b2 = a2;
    ShortVector b3 = a3;
    ShortVector b4 = a4;
    ShortVector b5 = a5;
    ShortVector b6 = a6;
    ShortVector b7 = a7;
    for (int line = 0; line < Q4_0.SCALES; line += Tiles.LINE) {
      ShortVector v = shorts(at0, line);
      ShortVector u = shorts(at1, line);
      // Four times, counted so that the compiler does not see it: unrolled, it would run out of
      // registers.
      for (int nibble = 1; nibble < 16; nibble <<= 1, codes += Integer.BYTES) {
        ShortVector code = broadcast(codes, 0);
        a0 = a0.add(v.mul(code));
        b0 = b0.add(u.mul(code));
        code = broadcast(codes, TOKEN_CODES);
        a1 = a1.add(v.mul(code));
        b1 = b1.add(u.mul(code));
        code = broadcast(codes, 2 * TOKEN_CODES);
        a2 = a2.add(v.mul(code));
        b2 = b2.add(u.mul(code));
        code = broadcast(codes, 3 * TOKEN_CODES);
        a3 = a3.add(v.mul(code));
        b3 = b3.add(u.mul(code));
        code = broadcast(codes, 4 * TOKEN_CODES);
        a4 = a4.add(v.mul(code));
        b4 = b4.add(u.mul(code));
        code = broadcast(codes, 5 * TOKEN_CODES);
        a5 = a5.add(v.mul(code));
        b5 = b5.add(u.mul(code));
        code = broadcast(codes, 6 * TOKEN_CODES);
        a6 = a6.add(v.mul(code));
        b6 = b6.add(u.mul(code));
        code = broadcast(codes, 7 * TOKEN_CODES);
        a7 = a7.add(v.mul(code));
        b7 = b7.add(u.mul(code));
        v = v.lanewise(LSHR, 4);
        u = u.lanewise(LSHR, 4);
      }
    }
    a0.intoArray(sums, sumAt);
    a1.intoArray(sums, sumAt + L);
    a2.intoArray(sums, sumAt + 2 * L);
    a3.intoArray(sums, sumAt + 3 * L);
    a4.intoArray(sums, sumAt + 4 * L);
    a5.intoArray(sums, sumAt + 5 * L);
    a6.intoArray(sums, sumAt + 6 * L);
    a7.intoArray(sums, sumAt + 7 * L);
    b0.intoArray(sums, sumAt + 8 * L);
    b1.intoArray(sums, sumAt + 9 * L);
    b2.intoArray(sums, sumAt + 10 * L);
    b3.intoArray(sums, sumAt + 11 * L);
    b4.intoArray(sums, sumAt + 12 * L);
    b5.intoArray(sums, sumAt + 13 * L);
    b6.intoArray(sums, sumAt + 14 * L);
    b7.intoArray(sums, sumAt + 15 * L);
  }
}
