package dllama.tensor;

import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.REBIAS;
import static dllama.tensor.Vectors.SHORTS;
import static dllama.tensor.Vectors.broadcast;
import static dllama.tensor.Vectors.high;
import static dllama.tensor.Vectors.low;
import static dllama.tensor.Vectors.shorts;
import static dllama.tensor.Vectors.tinyHighHalf;
import static dllama.tensor.Vectors.tinyLowHalf;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.util.Arrays;
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
/// several streams, and one alone leaves it waiting for memory. Integer sums of a chunk of blocks
/// go to the first level cache, to be scaled by a method of its own, because both together would be
/// too large for the compiler.
final class Q40Decode {
  /// Groups of one pass.
  static final int GROUPS = L == Tiles.ROWS ? 1 : 4;

  /// Blocks between two passes of scaling.
  private static final int CHUNK = 8;

  /// Distance between the results of groups.
  private static final int ACC_STRIDE = Activations.BUNDLE * Tiles.ROWS;

  private Q40Decode() {}

  /// Writes results to the first row of each group of `scratch.acc`, `[groups, 8, 32]`.
  static void groups(
      long at, long groupBytes, int groups, Activations x, int token, Scratch scratch) {
    if (L == Tiles.ROWS) {
      for (int g = 0; g < groups; g++) {
        rows(
            at + g * groupBytes,
            x.blocks(),
            x.codeAddress(token),
            x.offsets(),
            x.scales(),
            x.scaleAt(token),
            scratch.acc,
            g * ACC_STRIDE);
      }
    } else {
      for (int part = 0; part < Tiles.ROWS; part += 2 * L) {
        pairs(at + part * 2L, groupBytes, groups, x, token, scratch, part / 2);
      }
    }
  }

  /// One vector of rows in one pass, which is all of the group at 512 bit.
  private static void rows(
      long at,
      int blocks,
      long codes,
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
      for (int line = 0; line < Tiles.Q40_SCALES; line += Tiles.LINE) {
        ShortVector v = shorts(at, line);
        int c = line / 4;
        ShortVector code = broadcast(codes, c);
        sum0 = sum0.add(v.mul(code));
        code = broadcast(codes, c + 4);
        sum1 = sum1.add(v.lanewise(LSHR, 4).mul(code));
        code = broadcast(codes, c + 8);
        sum0 = sum0.add(v.lanewise(LSHR, 8).mul(code));
        code = broadcast(codes, c + 12);
        sum1 = sum1.add(v.lanewise(LSHR, 12).mul(code));
      }
      FloatVector xScale = FloatVector.broadcast(FLOATS, scales[scaleAt] * REBIAS);
      IntVector halves = shorts(at + Tiles.Q40_SCALES).reinterpretAsInts();
      IntVector sums = sum0.add(sum1).reinterpretAsInts();
      FloatVector scale =
          halves.lanewise(LSHL, 16).lanewise(ASHR, 3).and(half).reinterpretAsFloats();
      FloatVector sum = (FloatVector) sums.lanewise(LSHL, 16).lanewise(ASHR, 16).convert(I2F, 0);
      accLow = sum.fma(scale.mul(xScale), accLow);
      scale = halves.lanewise(ASHR, 3).and(half).reinterpretAsFloats();
      sum = (FloatVector) sums.lanewise(ASHR, 16).convert(I2F, 0);
      accHigh = sum.fma(scale.mul(xScale), accHigh);
      at += Tiles.Q40_BYTES;
      codes += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
    accLow.intoArray(out, outAt);
    accHigh.intoArray(out, outAt + Tiles.ROWS / 2);
  }

  /// Two vectors of rows of each group.
  private static void pairs(
      long at, long groupBytes, int groups, Activations x, int token, Scratch s, int accAt) {
    for (int g = 0; g < groups; g++) {
      int to = accAt + g * ACC_STRIDE;
      Arrays.fill(s.acc, to, to + 2 * F, 0);
      Arrays.fill(s.acc, to + Tiles.ROWS / 2, to + Tiles.ROWS / 2 + 2 * F, 0);
    }
    long codes = x.codeAddress(token);
    int scaleAt = x.scaleAt(token);
    for (int block = 0; block < x.blocks(); block += CHUNK) {
      int count = Math.min(CHUNK, x.blocks() - block);
      pairSums(at, groupBytes, groups, count, codes, x.offsets(), scaleAt, s.sums);
      for (int g = 0; g < groups; g++) {
        long tile = at + g * groupBytes;
        int sumAt = g * 2 * L;
        int to = accAt + g * ACC_STRIDE;
        addScaled(tile, groups, count, s.sums, sumAt, x.scales(), scaleAt, s.acc, to);
        addScaled(
            tile + 2L * L, groups, count, s.sums, sumAt + L, x.scales(), scaleAt, s.acc, to + F);
      }
      at += count * Tiles.Q40_BYTES;
      codes += count * Activations.BLOCK_STRIDE;
      scaleAt += count * Activations.BUNDLE;
    }
  }

  /// Integer sums of `count` blocks, `[block, groups, 2, L]`.
  private static void pairSums(
      long at,
      long groupBytes,
      int groups,
      int count,
      long codes,
      int[] offsets,
      int offsetAt,
      short[] sums) {
    int sumAt = 0;
    for (int block = 0; block < count; block++) {
      ShortVector offset =
          IntVector.broadcast(INTS, offsets[offsetAt + block * Activations.BUNDLE])
              .reinterpretAsShorts();
      long tile = at;
      for (int g = 0; g < groups; g++) {
        ShortVector first = offset;
        ShortVector second = offset;
        for (int line = 0; line < Tiles.Q40_SCALES; line += Tiles.LINE) {
          ShortVector v = shorts(tile, line);
          ShortVector u = shorts(tile, line + 2 * L);
          int c = line / 4;
          ShortVector code = broadcast(codes, c);
          first = first.add(v.mul(code));
          second = second.add(u.mul(code));
          code = broadcast(codes, c + 4);
          first = first.add(v.lanewise(LSHR, 4).mul(code));
          second = second.add(u.lanewise(LSHR, 4).mul(code));
          code = broadcast(codes, c + 8);
          first = first.add(v.lanewise(LSHR, 8).mul(code));
          second = second.add(u.lanewise(LSHR, 8).mul(code));
          code = broadcast(codes, c + 12);
          first = first.add(v.lanewise(LSHR, 12).mul(code));
          second = second.add(u.lanewise(LSHR, 12).mul(code));
        }
        first.intoArray(sums, sumAt);
        second.intoArray(sums, sumAt + L);
        sumAt += 2 * L;
        tile += groupBytes;
      }
      at += Tiles.Q40_BYTES;
      codes += Activations.BLOCK_STRIDE;
    }
  }

  private static void addScaled(
      long at,
      int groups,
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
      IntVector halves = shorts(at + Tiles.Q40_SCALES).reinterpretAsInts();
      IntVector sum =
          ShortVector.fromArray(SHORTS, sums, sumAt + block * groups * 2 * L).reinterpretAsInts();
      accLow = low(sum).fma(tinyLowHalf(halves).mul(xScale), accLow);
      accHigh = high(sum).fma(tinyHighHalf(halves).mul(xScale), accHigh);
      at += Tiles.Q40_BYTES;
    }
    accLow.intoArray(acc, accAt);
    accHigh.intoArray(acc, accAt + Tiles.ROWS / 2);
  }
}
