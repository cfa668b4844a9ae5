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

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import org.jspecify.annotations.Nullable;

/// Groups of 32 rows of [Codes] of two, three or five bits times one to eight tokens; with one only
/// where no [BlockDecode] does that.
///
/// The tiles of a few blocks are brought to the first level cache as shorts ([CodePlanes]), and
/// their scales as floats ([CodeScales]). There two vectors of rows at a time are multiplied, in
/// *runs*: as many columns as half of those that share a scale. The sum of a run fits a short: 16 ·
/// 16 · 127 or 8 · 32 · 127 < 2^15; the two of a scale are added as ints.
final class CodeTiles implements VectorProduct {
  private static final int GROUPS = 2;

  /// Blocks that are computed with at a time.
  private static final int CHUNK = 4;

  private static final int BUNDLE = Activations.BUNDLE;
  private static final long LINE = Tiles.F32_LINE;

  /// Byte of the results of the rows in the high halves of ints; see [Tiles].
  private static final long HIGH = LINE / 2;

  /// Bytes of a vector.
  private static final long V = (long) Short.BYTES * L;

  /// Bytes of the sums of a token, `[4 CHUNK, L]` at most, and of a vector of rows.
  private static final long SUMS = 4 * CHUNK * V;

  private static final long SECOND = BUNDLE * SUMS;

  /// Whether a vector holds all rows of a group, so that two vectors are two groups.
  private static final boolean WHOLE = L == Tiles.ROWS;

  /// Of a group in [Scratch#tile]: tiles, then scales and shifts, `[2 CHUNK, 32]` each, then
  /// results, `[8, 32]`.
  private static final long SCALES = CHUNK * CodePlanes.TILE;

  private static final long SHIFTS = SCALES + 2 * CHUNK * LINE;
  private static final long RESULTS = SHIFTS + 2 * CHUNK * LINE;
  private static final long NEXT = RESULTS + BUNDLE * LINE;
  static final long BYTES = GROUPS * NEXT;
  static final long SUMS_BYTES = 2 * SECOND;

  private final Codes type;
  private final int parts;
  private final @Nullable BlockDecode decoder;

  /// @param decoder that multiplies with one token; null if this one does
  CodeTiles(Codes type, @Nullable BlockDecode decoder) {
    this.type = type;
    this.decoder = decoder;
    parts = type.scales().parts();
  }

  @Override
  public String name() {
    return "vectors";
  }

  @Override
  public int groups() {
    return decoder == null ? GROUPS : MAX_GROUPS;
  }

  @Override
  public int tokens() {
    return BUNDLE;
  }

  @Override
  public void pass(
      long at, long groupBytes, int groups, Activations x, int token, int count, Scratch s) {
    if (count == 1 && decoder != null) {
      decoder.decode(at, groupBytes, groups, x, token, s);
      return;
    }
    for (int g = 0; g < groups; g += GROUPS) {
      few(at + g * groupBytes, groupBytes, Math.min(GROUPS, groups - g), x, token, count, s, g);
    }
  }

  /// @param number of the first group in the pass
  private void few(
      long at,
      long groupBytes,
      int groups,
      Activations x,
      int token,
      int count,
      Scratch s,
      int number) {
    long tiles = s.tile.address();
    s.zero(groups, RESULTS, NEXT, count);
    for (int from = 0; from < x.blocks(); from += CHUNK) {
      int blocks = Math.min(CHUNK, x.blocks() - from);
      for (int g = 0; g < groups; g++) {
        bring(at + g * groupBytes, from, blocks, x.cols(), tiles + g * NEXT, s.shared.address());
      }
      if (WHOLE) {
        vectors(tiles, tiles + (groups - 1) * NEXT, blocks, x, token, from, count, s);
      } else {
        for (int g = 0; g < groups; g++) {
          for (int part = 0; part < Tiles.ROWS; part += 2 * L) {
            long first = tiles + g * NEXT + 2L * part;
            vectors(first, first + V, blocks, x, token, from, count, s);
          }
        }
      }
    }
    s.take(groups, RESULTS, NEXT, count, number);
  }

  private void bring(long at, int from, int blocks, int cols, long to, long shared) {
    long tile = at + type.tileAt(cols, from);
    CodePlanes.fill(type.planes(), tile, type.tileStep(cols), blocks, to);
    CodeScales.ofGroup(type, at, from, blocks, cols, shared, to + SCALES, to + SHIFTS);
  }

  /// Two vectors of rows.
  private void vectors(
      long first,
      long second,
      int blocks,
      Activations x,
      int token,
      int from,
      int count,
      Scratch s) {
    int codeAt = x.codeAt(token) + from * Activations.BLOCK_STRIDE;
    int scaleAt = x.scaleAt(token) + from * BUNDLE;
    int[] codes = x.codes(InputForm.CODES);
    long sums = s.runs.address();
    int width = Tiles.COLS / (2 * parts);
    if (count == 1) {
      one(first, second, blocks, width, codes, codeAt, sums);
    } else {
      for (int t = 0; t < count; t += 4) {
        four(
            first,
            second,
            blocks,
            width,
            codes,
            codeAt + t * Activations.TOKEN_CODES,
            sums + t * SUMS);
      }
    }
    boolean shifts = type.scales().shifts();
    for (int t = 0; t < count; t++) {
      scaled(first, t, sums + t * SUMS, blocks, x, scaleAt + t, shifts);
      if (second != first) {
        scaled(second, t, sums + SECOND + t * SUMS, blocks, x, scaleAt + t, shifts);
      }
    }
  }

  private void scaled(
      long rows, int t, long sums, int blocks, Activations x, int scaleAt, boolean shifts) {
    long to = rows + RESULTS + t * LINE;
    int count = blocks * parts;
    if (shifts) {
      addShifted(sums, count, rows + SCALES, x.scales(), scaleAt, parts - 1, x.sums(), to);
    } else {
      add(sums, count, rows + SCALES, x.scales(), scaleAt, parts - 1, to);
    }
  }

  /// @param sums address of the first vector's sums, `[runs, L]`
  private static void one(
      long first, long second, int blocks, int width, int[] codes, int codeAt, long sums) {
    for (int block = 0;
        block < blocks;
        block++, first += CodePlanes.TILE, second += CodePlanes.TILE) {
      for (int c = 0; c < Tiles.COLS; ) {
        ShortVector a = ShortVector.zero(SHORTS);
        ShortVector b = a;
        for (int end = c + width; c < end; c += 4) {
          int line = c * Tiles.LINE;
          ShortVector code = IntVector.broadcast(INTS, codes[codeAt + c]).reinterpretAsShorts();
          a =
              ShortVector.fromMemorySegment(SHORTS, ALL, (first & ADDRESSES) + line, ORDER)
                  .mul(code)
                  .add(a);
          b =
              ShortVector.fromMemorySegment(SHORTS, ALL, (second & ADDRESSES) + line, ORDER)
                  .mul(code)
                  .add(b);
          code = IntVector.broadcast(INTS, codes[codeAt + c + 1]).reinterpretAsShorts();
          a =
              ShortVector.fromMemorySegment(SHORTS, ALL, (first & ADDRESSES) + line + 64, ORDER)
                  .mul(code)
                  .add(a);
          b =
              ShortVector.fromMemorySegment(SHORTS, ALL, (second & ADDRESSES) + line + 64, ORDER)
                  .mul(code)
                  .add(b);
          code = IntVector.broadcast(INTS, codes[codeAt + c + 2]).reinterpretAsShorts();
          a =
              ShortVector.fromMemorySegment(SHORTS, ALL, (first & ADDRESSES) + line + 128, ORDER)
                  .mul(code)
                  .add(a);
          b =
              ShortVector.fromMemorySegment(SHORTS, ALL, (second & ADDRESSES) + line + 128, ORDER)
                  .mul(code)
                  .add(b);
          code = IntVector.broadcast(INTS, codes[codeAt + c + 3]).reinterpretAsShorts();
          a =
              ShortVector.fromMemorySegment(SHORTS, ALL, (first & ADDRESSES) + line + 192, ORDER)
                  .mul(code)
                  .add(a);
          b =
              ShortVector.fromMemorySegment(SHORTS, ALL, (second & ADDRESSES) + line + 192, ORDER)
                  .mul(code)
                  .add(b);
        }
        long to = sums & ADDRESSES;
        a.intoMemorySegment(ALL, to, ORDER);
        b.intoMemorySegment(ALL, to + SECOND, ORDER);
        sums += V;
      }
      codeAt += Activations.BLOCK_STRIDE;
    }
  }

  private static void four(
      long first, long second, int blocks, int width, int[] codes, int codeAt, long sums) {
    for (int block = 0;
        block < blocks;
        block++, first += CodePlanes.TILE, second += CodePlanes.TILE) {
      for (int c = 0; c < Tiles.COLS; ) {
        ShortVector a0 = ShortVector.zero(SHORTS);
        ShortVector a1 = a0;
        ShortVector a2 = a0;
        ShortVector a3 = a0;
        ShortVector b0 = a0;
        ShortVector b1 = a0;
        ShortVector b2 = a0;
        ShortVector b3 = a0;
        for (int end = c + width; c < end; c++) {
          int line = c * Tiles.LINE;
          ShortVector v =
              ShortVector.fromMemorySegment(SHORTS, ALL, (first & ADDRESSES) + line, ORDER);
          ShortVector u =
              ShortVector.fromMemorySegment(SHORTS, ALL, (second & ADDRESSES) + line, ORDER);
          ShortVector code = IntVector.broadcast(INTS, codes[codeAt + c]).reinterpretAsShorts();
          a0 = v.mul(code).add(a0);
          b0 = u.mul(code).add(b0);
          code = IntVector.broadcast(INTS, codes[codeAt + c + 32]).reinterpretAsShorts();
          a1 = v.mul(code).add(a1);
          b1 = u.mul(code).add(b1);
          code = IntVector.broadcast(INTS, codes[codeAt + c + 64]).reinterpretAsShorts();
          a2 = v.mul(code).add(a2);
          b2 = u.mul(code).add(b2);
          code = IntVector.broadcast(INTS, codes[codeAt + c + 96]).reinterpretAsShorts();
          a3 = v.mul(code).add(a3);
          b3 = u.mul(code).add(b3);
        }
        long to = sums & ADDRESSES;
        a0.intoMemorySegment(ALL, to, ORDER);
        a1.intoMemorySegment(ALL, to + SUMS, ORDER);
        a2.intoMemorySegment(ALL, to + 2 * SUMS, ORDER);
        a3.intoMemorySegment(ALL, to + 3 * SUMS, ORDER);
        b0.intoMemorySegment(ALL, to + SECOND, ORDER);
        b1.intoMemorySegment(ALL, to + (SECOND + SUMS), ORDER);
        b2.intoMemorySegment(ALL, to + (SECOND + 2 * SUMS), ORDER);
        b3.intoMemorySegment(ALL, to + (SECOND + 3 * SUMS), ORDER);
        sums += V;
      }
      codeAt += Activations.BLOCK_STRIDE;
    }
  }

  /// Adds scaled sums of one vector of rows to the results.
  static void add(
      long sums, int count, long scales, float[] xScales, int scaleAt, int halves, long to) {
    FloatVector low = floats(to);
    FloatVector high = floats(to + HIGH);
    for (int i = 0; i < count; i++) {
      long from = (sums & ADDRESSES) + i * (2 * V);
      IntVector a = IntVector.fromMemorySegment(INTS, ALL, from, ORDER);
      IntVector b = IntVector.fromMemorySegment(INTS, ALL, from + V, ORDER);
      FloatVector xScale = FloatVector.broadcast(FLOATS, xScales[scaleAt + (i >> halves) * BUNDLE]);
      IntVector sum =
          a.lanewise(LSHL, 16).lanewise(ASHR, 16).add(b.lanewise(LSHL, 16).lanewise(ASHR, 16));
      FloatVector scale = floats(scales + i * LINE).mul(xScale);
      low = ((FloatVector) sum.convertShape(I2F, FLOATS, 0)).fma(scale, low);
      sum = a.lanewise(ASHR, 16).add(b.lanewise(ASHR, 16));
      scale = floats(scales + i * LINE + HIGH).mul(xScale);
      high = ((FloatVector) sum.convertShape(I2F, FLOATS, 0)).fma(scale, high);
    }
    low.intoMemorySegment(ALL, to & ADDRESSES, ORDER);
    high.intoMemorySegment(ALL, (to + HIGH) & ADDRESSES, ORDER);
  }

  /// Adds shifts as well.
  private static void addShifted(
      long sums,
      int count,
      long scales,
      float[] xScales,
      int scaleAt,
      int halves,
      float[] xSums,
      long to) {
    FloatVector low = floats(to);
    FloatVector high = floats(to + HIGH);
    for (int i = 0; i < count; i++) {
      long from = (sums & ADDRESSES) + i * (2 * V);
      IntVector a = IntVector.fromMemorySegment(INTS, ALL, from, ORDER);
      IntVector b = IntVector.fromMemorySegment(INTS, ALL, from + V, ORDER);
      int at = scaleAt + (i >> halves) * BUNDLE;
      int sumAt = Activations.sumAt(at);
      float xSum =
          halves == 0 ? xSums[sumAt] + xSums[sumAt + BUNDLE] : xSums[sumAt + (i & 1) * BUNDLE];
      FloatVector xScale = FloatVector.broadcast(FLOATS, xScales[at]);
      FloatVector factor = FloatVector.broadcast(FLOATS, xScales[at] * xSum);
      IntVector sum =
          a.lanewise(LSHL, 16).lanewise(ASHR, 16).add(b.lanewise(LSHL, 16).lanewise(ASHR, 16));
      FloatVector scale = floats(scales + i * LINE).mul(xScale);
      low = ((FloatVector) sum.convertShape(I2F, FLOATS, 0)).fma(scale, low);
      low = floats(scales + (SHIFTS - SCALES) + i * LINE).fma(factor, low);
      sum = a.lanewise(ASHR, 16).add(b.lanewise(ASHR, 16));
      scale = floats(scales + i * LINE + HIGH).mul(xScale);
      high = ((FloatVector) sum.convertShape(I2F, FLOATS, 0)).fma(scale, high);
      high = floats(scales + (SHIFTS - SCALES + HIGH) + i * LINE).fma(factor, high);
    }
    low.intoMemorySegment(ALL, to & ADDRESSES, ORDER);
    high.intoMemorySegment(ALL, (to + HIGH) & ADDRESSES, ORDER);
  }
}
