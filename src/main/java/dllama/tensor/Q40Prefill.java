package dllama.tensor;

import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.SHORTS;
import static dllama.tensor.Vectors.broadcast;
import static dllama.tensor.Vectors.high;
import static dllama.tensor.Vectors.highHalf;
import static dllama.tensor.Vectors.low;
import static dllama.tensor.Vectors.lowHalf;
import static dllama.tensor.Vectors.shorts;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// Groups of 32 rows of Q40 weights times a bundle of eight tokens: [Q40Decode] with the unpacking
/// shared by the tokens, and the broadcasts of the codes by two vectors of rows.
///
/// The integer sums of a chunk of blocks go to memory first; then one pass per token over the
/// chunk keeps its accumulators in registers. The two parts are methods of their own because one
/// would be too large for the compiler, and the accumulators too many for the registers.
final class Q40Prefill {
  /// Blocks between two passes of scaling; their sums fill 8 KB.
  static final int CHUNK = 256 / L;

  /// Groups of one pass: a vector of rows is a whole one at 512 bit, and a pass takes two vectors.
  static final int GROUPS = L == Tiles.ROWS ? 2 : 1;

  /// Tokens of one pass: eight at 512 bit would fit the registers, but not what the compiler takes
  /// into one method: it boxed them.
  static final int TOKENS = 4;

  /// Tokens of the passes that are worth trying, the default first.
  static final List<Integer> FORMS = List.of(TOKENS);

  /// Whether eight are; where not, the compiler need not look at the code for them.
  private static final boolean EIGHT = FORMS.contains(Activations.BUNDLE);

  private static final int BUNDLE = Activations.BUNDLE;
  private static final int TOKEN_CODES = Activations.TOKEN_CODES;

  private Q40Prefill() {}

  /// Writes results of the first `tokens` of the bundle that begins with `token` to `acc[groups,
  /// 8, 32]`.
  ///
  /// @param pass tokens of a pass, four or eight
  static void groups(
      int pass, long at, long groupBytes, int groups, Activations x, int token, int tokens, Scratch s) {
    Arrays.fill(s.acc, 0, groups * BUNDLE * Tiles.ROWS, 0);
    for (int block = 0; block < x.blocks(); block += CHUNK) {
      int count = Math.min(CHUNK, x.blocks() - block);
      long codes = x.codeAddress(token) + block * Activations.BLOCK_STRIDE;
      int scaleAt = x.scaleAt(token) + block * BUNDLE;
      long tile = at + block * Tiles.Q40_BYTES;
      if (L == Tiles.ROWS) {
        long second = tile + (groups - 1) * groupBytes;
        vectors(pass, tile, second, count, x, codes, scaleAt, tokens, s, 0, BUNDLE * Tiles.ROWS);
      } else {
        for (int part = 0; part < Tiles.ROWS; part += 2 * L) {
          long first = tile + 2L * part;
          vectors(
              pass, first, first + 2L * L, count, x, codes, scaleAt, tokens, s, part / 2, part / 2 + F);
        }
      }
    }
  }

  /// Two vectors of rows; their accumulators are in `s.acc` from `acc0` and from `acc1` on.
  private static void vectors(
      int pass,
      long at0,
      long at1,
      int count,
      Activations x,
      long codes,
      int scaleAt,
      int tokens,
      Scratch s,
      int acc0,
      int acc1) {
    for (int b = 0; b < count; b++) {
      long tile = b * Tiles.Q40_BYTES;
      for (int t = 0; t < tokens; t += pass) {
        long code = codes + b * Activations.BLOCK_STRIDE + (long) t * TOKEN_CODES;
        int sumAt = (b * 2 * BUNDLE + t) * L;
        if (EIGHT && pass == BUNDLE) {
          eightSums(at0 + tile, at1 + tile, code, x.offsets(), scaleAt + b * BUNDLE, s.sums, sumAt);
        } else {
          fourSums(
              at0 + tile, at1 + tile, code, x.offsets(), scaleAt + b * BUNDLE + t, s.sums, sumAt);
        }
      }
    }
    scaled(at0, count, 0, x.scales(), scaleAt, tokens, s, acc0);
    scaled(at1, count, BUNDLE * L, x.scales(), scaleAt, tokens, s, acc1);
  }

  private static void scaled(
      long at, int count, int sumAt, float[] scales, int scaleAt, int tokens, Scratch s, int acc) {
    weightScales(at, count, s.scales);
    for (int t = 0; t < tokens; t++) {
      int from = sumAt + t * L;
      int to = acc + t * Tiles.ROWS;
      addScaled(s.sums, from, count, s.scales, scales, scaleAt + t, s.acc, to);
    }
  }

  /// Integer sums of one block: two vectors of rows × eight tokens, `[2, 8, L]`.
  private static void eightSums(
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
    for (int line = 0; line < Tiles.Q40_SCALES; line += Tiles.LINE) {
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

  /// Integer sums of one block: two vectors of rows × four tokens, half of `[2, 8, L]`.
  private static void fourSums(
      long at0, long at1, long codes, int[] offsets, int offsetAt, short[] sums, int sumAt) {
    ShortVector a0 = IntVector.broadcast(INTS, offsets[offsetAt]).reinterpretAsShorts();
    ShortVector a1 = IntVector.broadcast(INTS, offsets[offsetAt + 1]).reinterpretAsShorts();
    ShortVector a2 = IntVector.broadcast(INTS, offsets[offsetAt + 2]).reinterpretAsShorts();
    ShortVector a3 = IntVector.broadcast(INTS, offsets[offsetAt + 3]).reinterpretAsShorts();
    ShortVector b0 = a0;
    ShortVector b1 = a1;
    ShortVector b2 = a2;
    ShortVector b3 = a3;
    for (int line = 0; line < Tiles.Q40_SCALES; line += Tiles.LINE) {
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
        v = v.lanewise(LSHR, 4);
        u = u.lanewise(LSHR, 4);
      }
    }
    a0.intoArray(sums, sumAt);
    a1.intoArray(sums, sumAt + L);
    a2.intoArray(sums, sumAt + 2 * L);
    a3.intoArray(sums, sumAt + 3 * L);
    b0.intoArray(sums, sumAt + 8 * L);
    b1.intoArray(sums, sumAt + 9 * L);
    b2.intoArray(sums, sumAt + 10 * L);
    b3.intoArray(sums, sumAt + 11 * L);
  }

  /// Scales of one vector of rows of `count` blocks as floats, `[block, 2, L / 2]`.
  private static void weightScales(long at, int count, float[] scales) {
    for (int b = 0; b < count; b++) {
      IntVector halves = shorts(at + b * Tiles.Q40_BYTES + Tiles.Q40_SCALES).reinterpretAsInts();
      lowHalf(halves).intoArray(scales, b * L);
      highHalf(halves).intoArray(scales, b * L + L / 2);
    }
  }

  /// Adds the scaled sums of `count` blocks of one vector of rows and one token.
  private static void addScaled(
      short[] sums,
      int sumAt,
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
          ShortVector.fromArray(SHORTS, sums, sumAt + b * 2 * BUNDLE * L).reinterpretAsInts();
      FloatVector scale = FloatVector.fromArray(FLOATS, wScales, b * L).mul(xScale);
      accLow = low(sum).fma(scale, accLow);
      scale = FloatVector.fromArray(FLOATS, wScales, b * L + L / 2).mul(xScale);
      accHigh = high(sum).fma(scale, accHigh);
    }
    accLow.intoArray(acc, accAt);
    accHigh.intoArray(acc, accAt + Tiles.ROWS / 2);
  }
}
