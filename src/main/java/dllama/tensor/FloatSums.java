package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.ORDER;

import jdk.incubator.vector.FloatVector;

/// Sums of products of whole numbers that are floats, of two vectors of rows with eight or four
/// tokens, as many as the registers have room for. See [CodePrefill].
final class FloatSums {
  /// Whether there are registers for eight tokens, as there are at 512 bit; two vectors are all
  /// rows there.
  static final boolean EIGHT = L == Tiles.ROWS;

  private static final long LINE = Tiles.F32_LINE;

  /// Bytes of a vector.
  private static final long V = (long) Float.BYTES * F;

  /// Bytes of the sums of eight tokens.
  private static final long BUNDLE_SUMS = Activations.BUNDLE * LINE;

  private FloatSums() {}

  /// @param tile of floats, `[blocks, 32 columns, 32 rows]`
  /// @param width columns of a sum
  /// @param codes of the tokens, as [Activations] keeps them
  /// @param sums `[blocks · 32 / width, 8 tokens, 32 rows]`
  static void eight(long tile, int blocks, int width, float[] codes, int codeAt, long sums) {
    for (int block = 0; block < blocks; block++) {
      for (int c = 0; c < Tiles.COLS; ) {
        FloatVector a0 = FloatVector.zero(FLOATS);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector a4 = a0;
        FloatVector a5 = a0;
        FloatVector a6 = a0;
        FloatVector a7 = a0;
        FloatVector b0 = a0;
        FloatVector b1 = a0;
        FloatVector b2 = a0;
        FloatVector b3 = a0;
        FloatVector b4 = a0;
        FloatVector b5 = a0;
        FloatVector b6 = a0;
        FloatVector b7 = a0;
        for (int end = c + width; c < end; c += 1, tile += LINE) {
          long at = tile & ADDRESSES;
          FloatVector u = FloatVector.fromMemorySegment(FLOATS, ALL, at, ORDER);
          FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, at + V, ORDER);
          FloatVector code = FloatVector.broadcast(FLOATS, codes[codeAt + c]);
          a0 = u.fma(code, a0);
          b0 = v.fma(code, b0);
          code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 32]);
          a1 = u.fma(code, a1);
          b1 = v.fma(code, b1);
          code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 64]);
          a2 = u.fma(code, a2);
          b2 = v.fma(code, b2);
          code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 96]);
          a3 = u.fma(code, a3);
          b3 = v.fma(code, b3);
          code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 128]);
          a4 = u.fma(code, a4);
          b4 = v.fma(code, b4);
          code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 160]);
          a5 = u.fma(code, a5);
          b5 = v.fma(code, b5);
          code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 192]);
          a6 = u.fma(code, a6);
          b6 = v.fma(code, b6);
          code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 224]);
          a7 = u.fma(code, a7);
          b7 = v.fma(code, b7);
        }
        long to = sums & ADDRESSES;
        a0.intoMemorySegment(ALL, to, ORDER);
        b0.intoMemorySegment(ALL, to + V, ORDER);
        a1.intoMemorySegment(ALL, to + LINE, ORDER);
        b1.intoMemorySegment(ALL, to + (LINE + V), ORDER);
        a2.intoMemorySegment(ALL, to + 2 * LINE, ORDER);
        b2.intoMemorySegment(ALL, to + (2 * LINE + V), ORDER);
        a3.intoMemorySegment(ALL, to + 3 * LINE, ORDER);
        b3.intoMemorySegment(ALL, to + (3 * LINE + V), ORDER);
        a4.intoMemorySegment(ALL, to + 4 * LINE, ORDER);
        b4.intoMemorySegment(ALL, to + (4 * LINE + V), ORDER);
        a5.intoMemorySegment(ALL, to + 5 * LINE, ORDER);
        b5.intoMemorySegment(ALL, to + (5 * LINE + V), ORDER);
        a6.intoMemorySegment(ALL, to + 6 * LINE, ORDER);
        b6.intoMemorySegment(ALL, to + (6 * LINE + V), ORDER);
        a7.intoMemorySegment(ALL, to + 7 * LINE, ORDER);
        b7.intoMemorySegment(ALL, to + (7 * LINE + V), ORDER);
        sums += BUNDLE_SUMS;
      }
      codeAt += Activations.BLOCK_STRIDE;
    }
  }

  /// The same for four tokens.
  static void four(long tile, int blocks, int width, float[] codes, int codeAt, long sums) {
    for (int block = 0; block < blocks; block++) {
      for (int c = 0; c < Tiles.COLS; ) {
        FloatVector a0 = FloatVector.zero(FLOATS);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector b0 = a0;
        FloatVector b1 = a0;
        FloatVector b2 = a0;
        FloatVector b3 = a0;
        for (int end = c + width; c < end; c += 1, tile += LINE) {
          long at = tile & ADDRESSES;
          FloatVector u = FloatVector.fromMemorySegment(FLOATS, ALL, at, ORDER);
          FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, at + V, ORDER);
          FloatVector code = FloatVector.broadcast(FLOATS, codes[codeAt + c]);
          a0 = u.fma(code, a0);
          b0 = v.fma(code, b0);
          code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 32]);
          a1 = u.fma(code, a1);
          b1 = v.fma(code, b1);
          code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 64]);
          a2 = u.fma(code, a2);
          b2 = v.fma(code, b2);
          code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 96]);
          a3 = u.fma(code, a3);
          b3 = v.fma(code, b3);
        }
        long to = sums & ADDRESSES;
        a0.intoMemorySegment(ALL, to, ORDER);
        b0.intoMemorySegment(ALL, to + V, ORDER);
        a1.intoMemorySegment(ALL, to + LINE, ORDER);
        b1.intoMemorySegment(ALL, to + (LINE + V), ORDER);
        a2.intoMemorySegment(ALL, to + 2 * LINE, ORDER);
        b2.intoMemorySegment(ALL, to + (2 * LINE + V), ORDER);
        a3.intoMemorySegment(ALL, to + 3 * LINE, ORDER);
        b3.intoMemorySegment(ALL, to + (3 * LINE + V), ORDER);
        sums += BUNDLE_SUMS;
      }
      codeAt += Activations.BLOCK_STRIDE;
    }
  }
}
