package dllama.tensor;

import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.SHORTS;
import static dllama.tensor.Vectors.high;
import static dllama.tensor.Vectors.highHalf;
import static dllama.tensor.Vectors.low;
import static dllama.tensor.Vectors.lowHalf;
import static dllama.tensor.Vectors.shorts;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// Groups of 32 rows of Q40 weights times a bundle of eight tokens: [Q40Decode] with the unpacking
/// shared by the tokens.
///
/// The integer sums of a chunk of blocks go to memory first; then one pass per token over the
/// chunk keeps its accumulators in registers. The two parts are methods of their own because one
/// would be too large for the compiler, and the accumulators too many for the registers.
final class Q40Prefill {
  /// Blocks between two passes of scaling.
  static final int CHUNK = 8;

  /// Groups that share the broadcasts of the activations: two where there are 32 registers.
  static final int GROUPS = L == Tiles.ROWS ? 2 : 1;

  private static final int BUNDLE = Activations.BUNDLE;

  private Q40Prefill() {}

  /// Writes results to `acc[groups, 8, 32]` for the bundle that begins with `token`.
  static void groups(
      MemorySegment w, long at, long groupBytes, int groups, Activations x, int token, Scratch s) {
    Arrays.fill(s.acc, 0, groups * BUNDLE * Tiles.ROWS, 0);
    for (int block = 0; block < x.blocks(); block += CHUNK) {
      int count = Math.min(CHUNK, x.blocks() - block);
      int codeAt = x.codeAt(token) + block * Activations.BLOCK_STRIDE;
      int scaleAt = x.scaleAt(token) + block * BUNDLE;
      long tile = at + block * Tiles.Q40_BYTES;
      if (groups == 2) {
        pairChunk(w, tile, groupBytes, count, x, codeAt, scaleAt, s);
      } else {
        for (int part = 0; part < Tiles.ROWS; part += L) {
          chunk(w, tile + 2L * part, count, x, codeAt, scaleAt, s, part / 2);
        }
      }
    }
  }

  private static void pairChunk(
      MemorySegment w,
      long at,
      long groupBytes,
      int count,
      Activations x,
      int codeAt,
      int scaleAt,
      Scratch s) {
    int[] codes = x.codes();
    int[] offsets = x.offsets();
    for (int b = 0; b < count; b++) {
      long tile = at + b * Tiles.Q40_BYTES;
      int code = codeAt + b * Activations.BLOCK_STRIDE;
      int offset = scaleAt + b * BUNDLE;
      pairSums(
          w, tile, tile + groupBytes, codes, code, offsets, offset, s.sums, b * 2 * BUNDLE * L);
    }
    for (int g = 0; g < 2; g++) {
      weightScales(w, at + g * groupBytes, count, s.scales);
      int sumAt = g * BUNDLE * L;
      int accAt = g * BUNDLE * Tiles.ROWS;
      for (int t = 0; t < BUNDLE; t++) {
        addScaled(
            s.sums,
            sumAt + t * L,
            2 * BUNDLE * L,
            count,
            s.scales,
            x.scales(),
            scaleAt + t,
            s.acc,
            accAt + t * Tiles.ROWS);
      }
    }
  }

  private static void chunk(
      MemorySegment w,
      long at,
      int count,
      Activations x,
      int codeAt,
      int scaleAt,
      Scratch s,
      int accAt) {
    int[] codes = x.codes();
    int[] offsets = x.offsets();
    for (int b = 0; b < count; b++) {
      long tile = at + b * Tiles.Q40_BYTES;
      int code = codeAt + b * Activations.BLOCK_STRIDE;
      sums(w, tile, codes, code, offsets, scaleAt + b * BUNDLE, s.sums, b * BUNDLE * L);
    }
    weightScales(w, at, count, s.scales);
    for (int t = 0; t < BUNDLE; t++) {
      addScaled(
          s.sums,
          t * L,
          BUNDLE * L,
          count,
          s.scales,
          x.scales(),
          scaleAt + t,
          s.acc,
          accAt + t * Tiles.ROWS);
    }
  }

  /// Integer sums of one block: the same rows of two groups × eight tokens, `[2, 8, L]`.
  private static void pairSums(
      MemorySegment w,
      long at0,
      long at1,
      int[] codes,
      int codeAt,
      int[] offsets,
      int offsetAt,
      short[] sums,
      int sumAt) {
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
    for (int k = 0; k < 8; k++) {
      ShortVector v = shorts(w, at0 + k * Tiles.LINE);
      ShortVector u = shorts(w, at1 + k * Tiles.LINE);
      for (int j = 0; j < 4; j++, codeAt++) {
        ShortVector code = IntVector.broadcast(INTS, codes[codeAt]).reinterpretAsShorts();
        a0 = a0.add(v.mul(code));
        b0 = b0.add(u.mul(code));
        code = IntVector.broadcast(INTS, codes[codeAt + DType.BLOCK]).reinterpretAsShorts();
        a1 = a1.add(v.mul(code));
        b1 = b1.add(u.mul(code));
        code = IntVector.broadcast(INTS, codes[codeAt + 2 * DType.BLOCK]).reinterpretAsShorts();
        a2 = a2.add(v.mul(code));
        b2 = b2.add(u.mul(code));
        code = IntVector.broadcast(INTS, codes[codeAt + 3 * DType.BLOCK]).reinterpretAsShorts();
        a3 = a3.add(v.mul(code));
        b3 = b3.add(u.mul(code));
        code = IntVector.broadcast(INTS, codes[codeAt + 4 * DType.BLOCK]).reinterpretAsShorts();
        a4 = a4.add(v.mul(code));
        b4 = b4.add(u.mul(code));
        code = IntVector.broadcast(INTS, codes[codeAt + 5 * DType.BLOCK]).reinterpretAsShorts();
        a5 = a5.add(v.mul(code));
        b5 = b5.add(u.mul(code));
        code = IntVector.broadcast(INTS, codes[codeAt + 6 * DType.BLOCK]).reinterpretAsShorts();
        a6 = a6.add(v.mul(code));
        b6 = b6.add(u.mul(code));
        code = IntVector.broadcast(INTS, codes[codeAt + 7 * DType.BLOCK]).reinterpretAsShorts();
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

  /// Integer sums of one block: one vector of rows × eight tokens, `[8, L]`.
  private static void sums(
      MemorySegment w,
      long at,
      int[] codes,
      int codeAt,
      int[] offsets,
      int offsetAt,
      short[] sums,
      int sumAt) {
    ShortVector a0 = IntVector.broadcast(INTS, offsets[offsetAt]).reinterpretAsShorts();
    ShortVector a1 = IntVector.broadcast(INTS, offsets[offsetAt + 1]).reinterpretAsShorts();
    ShortVector a2 = IntVector.broadcast(INTS, offsets[offsetAt + 2]).reinterpretAsShorts();
    ShortVector a3 = IntVector.broadcast(INTS, offsets[offsetAt + 3]).reinterpretAsShorts();
    ShortVector a4 = IntVector.broadcast(INTS, offsets[offsetAt + 4]).reinterpretAsShorts();
    ShortVector a5 = IntVector.broadcast(INTS, offsets[offsetAt + 5]).reinterpretAsShorts();
    ShortVector a6 = IntVector.broadcast(INTS, offsets[offsetAt + 6]).reinterpretAsShorts();
    ShortVector a7 = IntVector.broadcast(INTS, offsets[offsetAt + 7]).reinterpretAsShorts();
    for (int k = 0; k < 8; k++) {
      ShortVector v = shorts(w, at + k * Tiles.LINE);
      for (int j = 0; j < 4; j++, codeAt++) {
        ShortVector code = IntVector.broadcast(INTS, codes[codeAt]).reinterpretAsShorts();
        a0 = a0.add(v.mul(code));
        code = IntVector.broadcast(INTS, codes[codeAt + DType.BLOCK]).reinterpretAsShorts();
        a1 = a1.add(v.mul(code));
        code = IntVector.broadcast(INTS, codes[codeAt + 2 * DType.BLOCK]).reinterpretAsShorts();
        a2 = a2.add(v.mul(code));
        code = IntVector.broadcast(INTS, codes[codeAt + 3 * DType.BLOCK]).reinterpretAsShorts();
        a3 = a3.add(v.mul(code));
        code = IntVector.broadcast(INTS, codes[codeAt + 4 * DType.BLOCK]).reinterpretAsShorts();
        a4 = a4.add(v.mul(code));
        code = IntVector.broadcast(INTS, codes[codeAt + 5 * DType.BLOCK]).reinterpretAsShorts();
        a5 = a5.add(v.mul(code));
        code = IntVector.broadcast(INTS, codes[codeAt + 6 * DType.BLOCK]).reinterpretAsShorts();
        a6 = a6.add(v.mul(code));
        code = IntVector.broadcast(INTS, codes[codeAt + 7 * DType.BLOCK]).reinterpretAsShorts();
        a7 = a7.add(v.mul(code));
        v = v.lanewise(LSHR, 4);
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
  }

  /// Scales of one vector of rows of `count` blocks as floats, `[block, 2, L / 2]`.
  private static void weightScales(MemorySegment w, long at, int count, float[] scales) {
    for (int b = 0; b < count; b++) {
      IntVector halves = shorts(w, at + b * Tiles.Q40_BYTES + Tiles.Q40_SCALES).reinterpretAsInts();
      lowHalf(halves).intoArray(scales, b * L);
      highHalf(halves).intoArray(scales, b * L + L / 2);
    }
  }

  /// Adds the scaled sums of `count` blocks of one vector of rows and one token.
  private static void addScaled(
      short[] sums,
      int sumAt,
      int sumStride,
      int count,
      float[] wScales,
      float[] xScales,
      int xScaleAt,
      float[] acc,
      int accAt) {
    FloatVector accLow = FloatVector.fromArray(FLOATS, acc, accAt);
    FloatVector accHigh = FloatVector.fromArray(FLOATS, acc, accAt + Tiles.ROWS / 2);
    for (int b = 0; b < count; b++) {
      FloatVector xScale = FloatVector.broadcast(FLOATS, xScales[xScaleAt + b * BUNDLE]);
      IntVector sum =
          ShortVector.fromArray(SHORTS, sums, sumAt + b * sumStride).reinterpretAsInts();
      FloatVector scale = FloatVector.fromArray(FLOATS, wScales, b * L).mul(xScale);
      accLow = low(sum).fma(scale, accLow);
      scale = FloatVector.fromArray(FLOATS, wScales, b * L + L / 2).mul(xScale);
      accHigh = high(sum).fma(scale, accHigh);
    }
    accLow.intoArray(acc, accAt);
    accHigh.intoArray(acc, accAt + Tiles.ROWS / 2);
  }
}
