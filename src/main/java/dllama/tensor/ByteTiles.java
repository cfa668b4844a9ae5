package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.SHORTS;
import static dllama.tensor.Vectors.floats;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// Groups of 32 rows of [Codes] of eight bits times one to eight tokens; one has [ByteDecode].
///
/// A lane of shorts holds two columns of one row. Their two products fit a short together (2 · 128
/// · 127 < 2^15), but the sum of a block does not. It is put together of the sum of the high bytes
/// of these, which does, and what the sum of all, modulo 2^16, is more than that: 16 · 255 at most.
final class ByteTiles implements VectorProduct {
  /// Blocks whose scales are made floats at a time.
  private static final int CHUNK = 8;

  private static final int BUNDLE = Activations.BUNDLE;
  private static final int TOKEN = Activations.TOKEN_CODES;
  private static final long LINE = Tiles.F32_LINE;
  private static final int LINES = TilePlanes.EIGHT.bytes();

  /// Byte of the results of the rows in the high halves of ints; see [Tiles].
  private static final long HIGH = LINE / 2;

  /// Of results, `[8, 32]`, behind scales, `[CHUNK, 32]`, in [Scratch#tile].
  private static final long RESULTS = CHUNK * LINE;

  /// Bytes of a vector, and of the sums of a token.
  private static final long V = (long) Short.BYTES * L;

  private static final long TOKEN_SUMS = CHUNK * 2 * V;

  /// Bytes of the sums of a bundle.
  static final long SUMS_BYTES = BUNDLE * TOKEN_SUMS;

  /// From a group to the next in [Scratch#tile].
  private static final long NEXT = RESULTS + BUNDLE * LINE;

  private final Codes type;
  private final ByteDecode decoder;

  ByteTiles(Codes type) {
    this.type = type;
    decoder = new ByteDecode(type);
  }

  @Override
  public String name() {
    return MAX_GROUPS + " groups a pass";
  }

  @Override
  public int groups() {
    return MAX_GROUPS;
  }

  @Override
  public int tokens() {
    return BUNDLE;
  }

  @Override
  public void pass(
      long at, long groupBytes, int groups, Activations x, int token, int count, Scratch s) {
    if (count == 1) {
      decoder.decode(at, groupBytes, groups, x, token, s);
      return;
    }
    s.zero(groups, RESULTS, NEXT, count);
    for (int from = 0; from < x.blocks(); from += CHUNK) {
      int blocks = Math.min(CHUNK, x.blocks() - from);
      chunk(at, groupBytes, groups, from, blocks, x, token, count, s);
    }
    s.take(groups, RESULTS, NEXT, count, 0);
  }

  private void chunk(
      long at,
      long groupBytes,
      int groups,
      int from,
      int blocks,
      Activations x,
      int token,
      int count,
      Scratch s) {
    long scales = s.tile.address();
    long sums = s.runs.address();
    int tileStep = type.tileStep(x.cols());
    long tile = at + type.tileAt(x.cols(), from);
    int codeAt = x.codeAt(token) + from * Activations.BLOCK_STRIDE;
    int scaleAt = x.scaleAt(token) + from * BUNDLE;
    int[] codes = x.codes(InputForm.CODES);
    for (int g = 0; g < groups; g++, tile += groupBytes, scales += NEXT) {
      long group = at + g * groupBytes;
      long shared = s.shared.address();
      CodeScales.ofGroup(type, group, from, blocks, x.cols(), shared, scales, scales);
      for (long row = 0; row < Tiles.LINE; row += V) {
        long to = scales + row + RESULTS;
        several(tile + row, tileStep, blocks, codes, codeAt, sums, count);
        for (int t = 0; t < count; t++) {
          long of = sums + t * TOKEN_SUMS;
          add(of, blocks, x.scales(), scaleAt + t, scales + row, to + t * LINE);
        }
      }
    }
  }

  private static void several(
      long at, int tileStep, int blocks, int[] codes, int codeAt, long sums, int count) {
    for (int t = 0; t < count; t += 4) {
      four(at, tileStep, blocks, codes, codeAt + t * TOKEN, sums + t * TOKEN_SUMS, 8);
    }
  }

  /// @param sums address of the first token's sums, `[CHUNK, 2, L]`
  /// @param eight 8, which C2 must not know: it moves a constant to a register for each shift of
  ///     shorts, every time
  private static void four(
      long at, long tileBytes, int blocks, int[] codes, int codeAt, long sums, int eight) {
    for (int block = 0; block < blocks; block++) {
      ShortVector all0 = ShortVector.zero(SHORTS);
      ShortVector all1 = all0;
      ShortVector all2 = all0;
      ShortVector all3 = all0;
      ShortVector top0 = all0;
      ShortVector top1 = all0;
      ShortVector top2 = all0;
      ShortVector top3 = all0;
      for (int line = 0; line < LINES; line += Tiles.LINE) {
        ShortVector v = ShortVector.fromMemorySegment(SHORTS, ALL, (at & ADDRESSES) + line, ORDER);
        ShortVector even = v.lanewise(LSHL, eight).lanewise(ASHR, eight);
        ShortVector odd = v.lanewise(ASHR, eight);
        int c = codeAt + line / 32;
        ShortVector both =
            even.mul(IntVector.broadcast(INTS, codes[c]).reinterpretAsShorts())
                .add(odd.mul(IntVector.broadcast(INTS, codes[c + 1]).reinterpretAsShorts()));
        all0 = both.add(all0);
        top0 = both.lanewise(ASHR, eight).add(top0);
        c += TOKEN;
        both =
            even.mul(IntVector.broadcast(INTS, codes[c]).reinterpretAsShorts())
                .add(odd.mul(IntVector.broadcast(INTS, codes[c + 1]).reinterpretAsShorts()));
        all1 = both.add(all1);
        top1 = both.lanewise(ASHR, eight).add(top1);
        c += TOKEN;
        both =
            even.mul(IntVector.broadcast(INTS, codes[c]).reinterpretAsShorts())
                .add(odd.mul(IntVector.broadcast(INTS, codes[c + 1]).reinterpretAsShorts()));
        all2 = both.add(all2);
        top2 = both.lanewise(ASHR, eight).add(top2);
        c += TOKEN;
        both =
            even.mul(IntVector.broadcast(INTS, codes[c]).reinterpretAsShorts())
                .add(odd.mul(IntVector.broadcast(INTS, codes[c + 1]).reinterpretAsShorts()));
        all3 = both.add(all3);
        top3 = both.lanewise(ASHR, eight).add(top3);
      }
      long to = sums & ADDRESSES;
      all0.intoMemorySegment(ALL, to, ORDER);
      top0.intoMemorySegment(ALL, to + V, ORDER);
      all1.intoMemorySegment(ALL, to + TOKEN_SUMS, ORDER);
      top1.intoMemorySegment(ALL, to + (TOKEN_SUMS + V), ORDER);
      all2.intoMemorySegment(ALL, to + 2 * TOKEN_SUMS, ORDER);
      top2.intoMemorySegment(ALL, to + (2 * TOKEN_SUMS + V), ORDER);
      all3.intoMemorySegment(ALL, to + 3 * TOKEN_SUMS, ORDER);
      top3.intoMemorySegment(ALL, to + (3 * TOKEN_SUMS + V), ORDER);
      sums += 2 * V;
      at += tileBytes;
      codeAt += Activations.BLOCK_STRIDE;
    }
  }

  /// Adds scaled sums of one vector of rows and a token to the results at `to`.
  private static void add(
      long sums, int blocks, float[] xScales, int scaleAt, long scales, long to) {
    FloatVector low = floats(to);
    FloatVector high = floats(to + HIGH);
    IntVector half = IntVector.broadcast(INTS, 0xffff);
    for (int block = 0; block < blocks; block++) {
      long from = (sums & ADDRESSES) + block * (2 * V);
      ShortVector all = ShortVector.fromMemorySegment(SHORTS, ALL, from, ORDER);
      ShortVector top = ShortVector.fromMemorySegment(SHORTS, ALL, from + V, ORDER);
      IntVector rest = all.sub(top.lanewise(LSHL, 8)).reinterpretAsInts();
      IntVector highs = top.reinterpretAsInts();
      FloatVector xScale = FloatVector.broadcast(FLOATS, xScales[scaleAt + block * BUNDLE]);
      IntVector sum = highs.lanewise(LSHL, 16).lanewise(ASHR, 8).add(rest.and(half));
      FloatVector scale = floats(scales + block * LINE).mul(xScale);
      low = ((FloatVector) sum.convertShape(I2F, FLOATS, 0)).fma(scale, low);
      sum = highs.lanewise(ASHR, 16).lanewise(LSHL, 8).add(rest.lanewise(LSHR, 16));
      scale = floats(scales + block * LINE + HIGH).mul(xScale);
      high = ((FloatVector) sum.convertShape(I2F, FLOATS, 0)).fma(scale, high);
    }
    low.intoMemorySegment(ALL, to & ADDRESSES, ORDER);
    high.intoMemorySegment(ALL, (to + HIGH) & ADDRESSES, ORDER);
  }
}
