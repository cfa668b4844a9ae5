package dllama.tensor;

import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.REBIAS;
import static dllama.tensor.Vectors.SHORTS;
import static dllama.tensor.Vectors.high;
import static dllama.tensor.Vectors.low;
import static dllama.tensor.Vectors.shorts;
import static dllama.tensor.Vectors.tinyHighHalf;
import static dllama.tensor.Vectors.tinyLowHalf;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// One group of 32 rows of Q40 weights times one token.
///
/// A lane of shorts holds four nibbles of one row. It is shifted, multiplied by the codes of
/// [Activations] and added, all modulo 2^16. That is exact: a block's true sum is at most 32 · 8 ·
/// 127 < 2^15, and it does not matter when the offset of the nibbles, −8 · Σ code, goes in.
final class Q40Decode {
  private static final int CHUNK = 4;

  private Q40Decode() {}

  /// Writes the 32 results to `scratch.acc` from `accAt` on.
  static void group(
      MemorySegment w, long at, Activations x, int token, Scratch scratch, int accAt) {
    if (L == 16) {
      halves(w, at, x, token, scratch, accAt);
    } else {
      for (int part = 0; part < Tiles.ROWS; part += L) {
        rows(
            w,
            at + part * 2L,
            x.blocks(),
            x.codes(),
            x.codeAt(token),
            x.offsets(),
            x.scales(),
            x.scaleAt(token),
            scratch.acc,
            accAt + part / 2);
      }
    }
  }

  /// One vector of rows in one pass, the best shape at 512 bit.
  private static void rows(
      MemorySegment w,
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
    FloatVector accLow = FloatVector.zero(FLOATS);
    FloatVector accHigh = accLow;
    for (int block = 0; block < blocks; block++) {
      ShortVector sum0 = IntVector.broadcast(INTS, offsets[scaleAt]).reinterpretAsShorts();
      ShortVector sum1 = ShortVector.zero(SHORTS);
      for (int k = 0; k < 8; k++) {
        ShortVector v = shorts(w, at + k * Tiles.LINE);
        int c = codeAt + 4 * k;
        ShortVector code = IntVector.broadcast(INTS, codes[c]).reinterpretAsShorts();
        sum0 = sum0.add(v.mul(code));
        code = IntVector.broadcast(INTS, codes[c + 1]).reinterpretAsShorts();
        sum1 = sum1.add(v.lanewise(LSHR, 4).mul(code));
        code = IntVector.broadcast(INTS, codes[c + 2]).reinterpretAsShorts();
        sum0 = sum0.add(v.lanewise(LSHR, 8).mul(code));
        code = IntVector.broadcast(INTS, codes[c + 3]).reinterpretAsShorts();
        sum1 = sum1.add(v.lanewise(LSHR, 12).mul(code));
      }
      FloatVector xScale = FloatVector.broadcast(FLOATS, scales[scaleAt] * REBIAS);
      IntVector halves = shorts(w, at + Tiles.Q40_SCALES).reinterpretAsInts();
      IntVector sums = sum0.add(sum1).reinterpretAsInts();
      FloatVector scale =
          halves.lanewise(LSHL, 16).lanewise(ASHR, 3).and(half).reinterpretAsFloats();
      FloatVector sum = (FloatVector) sums.lanewise(LSHL, 16).lanewise(ASHR, 16).convert(I2F, 0);
      accLow = sum.fma(scale.mul(xScale), accLow);
      scale = halves.lanewise(ASHR, 3).and(half).reinterpretAsFloats();
      sum = (FloatVector) sums.lanewise(ASHR, 16).convert(I2F, 0);
      accHigh = sum.fma(scale.mul(xScale), accHigh);
      at += Tiles.Q40_BYTES;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
    accLow.intoArray(out, outAt);
    accHigh.intoArray(out, outAt + Tiles.ROWS / 2);
  }

  /// Both halves of the group in one pass, the best shape at 256 bit.
  private static void halves(
      MemorySegment w, long at, Activations x, int token, Scratch scratch, int accAt) {
    float[] acc = scratch.acc;
    Arrays.fill(acc, accAt, accAt + Tiles.ROWS, 0);
    int codeAt = x.codeAt(token);
    int scaleAt = x.scaleAt(token);
    for (int block = 0; block < x.blocks(); block += CHUNK) {
      int count = Math.min(CHUNK, x.blocks() - block);
      halfSums(w, at, count, x.codes(), codeAt, x.offsets(), scaleAt, scratch.sums);
      addScaled(w, at, count, scratch.sums, 0, x.scales(), scaleAt, acc, accAt);
      addScaled(w, at + 2L * L, count, scratch.sums, L, x.scales(), scaleAt, acc, accAt + F);
      at += count * Tiles.Q40_BYTES;
      codeAt += count * Activations.BLOCK_STRIDE;
      scaleAt += count * Activations.BUNDLE;
    }
  }

  /// Integer sums of `count` blocks, `[block, 2, L]`.
  private static void halfSums(
      MemorySegment w,
      long at,
      int count,
      int[] codes,
      int codeAt,
      int[] offsets,
      int offsetAt,
      short[] sums) {
    for (int block = 0; block < count; block++) {
      ShortVector first =
          IntVector.broadcast(INTS, offsets[offsetAt + block * Activations.BUNDLE])
              .reinterpretAsShorts();
      ShortVector second = first;
      for (int k = 0; k < 8; k++) {
        ShortVector v = shorts(w, at + k * Tiles.LINE);
        ShortVector u = shorts(w, at + k * Tiles.LINE + 2L * L);
        int c = codeAt + 4 * k;
        ShortVector code = IntVector.broadcast(INTS, codes[c]).reinterpretAsShorts();
        first = first.add(v.mul(code));
        second = second.add(u.mul(code));
        code = IntVector.broadcast(INTS, codes[c + 1]).reinterpretAsShorts();
        first = first.add(v.lanewise(LSHR, 4).mul(code));
        second = second.add(u.lanewise(LSHR, 4).mul(code));
        code = IntVector.broadcast(INTS, codes[c + 2]).reinterpretAsShorts();
        first = first.add(v.lanewise(LSHR, 8).mul(code));
        second = second.add(u.lanewise(LSHR, 8).mul(code));
        code = IntVector.broadcast(INTS, codes[c + 3]).reinterpretAsShorts();
        first = first.add(v.lanewise(LSHR, 12).mul(code));
        second = second.add(u.lanewise(LSHR, 12).mul(code));
      }
      first.intoArray(sums, block * 2 * L);
      second.intoArray(sums, block * 2 * L + L);
      at += Tiles.Q40_BYTES;
      codeAt += Activations.BLOCK_STRIDE;
    }
  }

  private static void addScaled(
      MemorySegment w,
      long at,
      int count,
      short[] sums,
      int sumAt,
      float[] scales,
      int scaleAt,
      float[] acc,
      int accAt) {
    FloatVector accLow = FloatVector.fromArray(FLOATS, acc, accAt);
    FloatVector accHigh = FloatVector.fromArray(FLOATS, acc, accAt + Tiles.ROWS / 2);
    for (int block = 0; block < count; block++) {
      FloatVector xScale =
          FloatVector.broadcast(FLOATS, scales[scaleAt + block * Activations.BUNDLE] * REBIAS);
      IntVector halves = shorts(w, at + Tiles.Q40_SCALES).reinterpretAsInts();
      IntVector sum =
          ShortVector.fromArray(SHORTS, sums, sumAt + block * 2 * L).reinterpretAsInts();
      accLow = low(sum).fma(tinyLowHalf(halves).mul(xScale), accLow);
      accHigh = high(sum).fma(tinyHighHalf(halves).mul(xScale), accHigh);
      at += Tiles.Q40_BYTES;
    }
    accLow.intoArray(acc, accAt);
    accHigh.intoArray(acc, accAt + Tiles.ROWS / 2);
  }
}
