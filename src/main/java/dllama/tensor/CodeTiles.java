package dllama.tensor;

import static dllama.tensor.Vectors.ADDRESSES;
import static dllama.tensor.Vectors.ALL;
import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.ORDER;
import static dllama.tensor.Vectors.floats;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// One group of 32 rows of [Codes] times one to eight tokens.
///
/// Each tile is brought to the first level cache as floats ([CodePlanes], [CodeScales]) and
/// multiplied there with codes that are floats, too. Sums of such products are exact in any order:
/// none exceeds 32 · 128 · 127 < 2^24.
final class CodeTiles implements VectorProduct {
  private static final int ROWS = Tiles.ROWS;

  /// Bytes of a line of floats.
  private static final long LINE = Tiles.F32_LINE;

  /// Bytes of a vector.
  private static final long V = Float.BYTES * (long) F;

  /// Behind the tile in [Scratch#tile]: scales and shifts, two lines each, results and sums of a
  /// bundle.
  private static final long SCALES = Tiles.COLS * LINE;

  private static final long SHIFTS = SCALES + 2 * LINE;
  private static final long RESULTS = SHIFTS + 2 * LINE;
  private static final long SUMS = RESULTS + Activations.BUNDLE * LINE;
  private static final float[] ZEROS = new float[Activations.BUNDLE * ROWS];

  static final int MORE_LINES = 4 + 2 * Activations.BUNDLE;

  /// Of the tokens of a bundle, in [Scratch#factors]: what sums begin with, scales, and what shifts
  /// are multiplied with.
  private static final int SCALE = Activations.BUNDLE;

  private static final int SHIFT = 2 * Activations.BUNDLE;

  private final Codes type;

  CodeTiles(Codes type) {
    this.type = type;
  }

  @Override
  public String name() {
    return "vectors";
  }

  @Override
  public int tokens() {
    return Activations.BUNDLE;
  }

  @Override
  public void pass(
      long at, long groupBytes, int groups, Activations x, int token, int count, Scratch s) {
    MemorySegment.copy(ZEROS, 0, s.tile, Tiles.FLOAT, RESULTS, count * ROWS);
    int scaleAt = x.scaleAt(token);
    for (int block = 0; block < x.blocks(); block++, scaleAt += Activations.BUNDLE) {
      long tile = s.tile.address();
      CodePlanes.fill(type.planes(), at, tile);
      CodeScales.fill(type.scales(), at + type.planes().bytes(), tile + SCALES, tile + SHIFTS);
      for (int part = 0; part < type.scales().parts(); part++) {
        part(x, token, block, scaleAt, part, count, s.factors, tile);
      }
      at += type.tileBytes();
    }
    MemorySegment.copy(s.tile, Tiles.FLOAT, RESULTS, s.acc, 0, count * ROWS);
  }

  /// Columns that share a scale.
  private void part(
      Activations x,
      int token,
      int block,
      int scaleAt,
      int part,
      int count,
      float[] factors,
      long tile) {
    int width = Tiles.COLS / type.scales().parts();
    long from = tile + (long) part * width * LINE;
    float[] codes = x.codeValues();
    int codeAt = x.valueAt(token) + block * Tiles.COLS + part * width;
    factors(x, scaleAt, part, count, factors);
    if (count == 1) {
      one(from, width, codes, codeAt, factors[0], tile + SUMS);
    } else {
      int stride = x.valueStride();
      // Tokens that are not there are computed as copies of the last one and ignored.
      for (int first = 0; first < count; first += 4) {
        int last = count - 1 - first;
        int x0 = codeAt + first * stride;
        int x1 = x0 + Math.min(1, last) * stride;
        int x2 = x0 + Math.min(2, last) * stride;
        int x3 = x0 + Math.min(3, last) * stride;
        four(from, width, codes, x0, x1, x2, x3, factors, first, tile + SUMS + first * LINE);
      }
    }
    if (type.scales().shifts()) {
      addShifted(tile, part * LINE, count, factors);
    } else {
      add(tile, part * LINE, count, factors);
    }
  }

  private void factors(Activations x, int scaleAt, int part, int count, float[] factors) {
    int sumAt = Activations.sumAt(scaleAt) + part * Activations.BUNDLE;
    boolean whole = type.scales().parts() == 1;
    for (int t = 0; t < count; t++) {
      float sum = x.sums()[sumAt + t];
      if (whole) {
        sum += x.sums()[sumAt + Activations.BUNDLE + t];
      }
      float scale = x.scales()[scaleAt + t];
      factors[t] = -type.centre() * sum;
      factors[SCALE + t] = scale;
      factors[SHIFT + t] = scale * sum;
    }
  }

  /// Four columns by turns, so that no sum waits for the one before.
  private static void one(long tile, int width, float[] codes, int codeAt, float first, long sums) {
    FloatVector zero = FloatVector.zero(FLOATS);
    FloatVector factor = FloatVector.broadcast(FLOATS, first);
    for (long row = 0; row < LINE; row += 2 * V) {
      long at = (tile & ADDRESSES) + row;
      FloatVector a0 = factor;
      FloatVector a1 = zero;
      FloatVector a2 = zero;
      FloatVector a3 = zero;
      FloatVector b0 = factor;
      FloatVector b1 = zero;
      FloatVector b2 = zero;
      FloatVector b3 = zero;
      for (int c = 0; c < width; c += 4, at += 4 * LINE) {
        FloatVector code = FloatVector.broadcast(FLOATS, codes[codeAt + c]);
        a0 = FloatVector.fromMemorySegment(FLOATS, ALL, at, ORDER).fma(code, a0);
        b0 = FloatVector.fromMemorySegment(FLOATS, ALL, at + V, ORDER).fma(code, b0);
        code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 1]);
        a1 = FloatVector.fromMemorySegment(FLOATS, ALL, at + LINE, ORDER).fma(code, a1);
        b1 = FloatVector.fromMemorySegment(FLOATS, ALL, at + (LINE + V), ORDER).fma(code, b1);
        code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 2]);
        a2 = FloatVector.fromMemorySegment(FLOATS, ALL, at + 2 * LINE, ORDER).fma(code, a2);
        b2 = FloatVector.fromMemorySegment(FLOATS, ALL, at + (2 * LINE + V), ORDER).fma(code, b2);
        code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 3]);
        a3 = FloatVector.fromMemorySegment(FLOATS, ALL, at + 3 * LINE, ORDER).fma(code, a3);
        b3 = FloatVector.fromMemorySegment(FLOATS, ALL, at + (3 * LINE + V), ORDER).fma(code, b3);
      }
      long to = (sums & ADDRESSES) + row;
      a0.add(a1).add(a2.add(a3)).intoMemorySegment(ALL, to, ORDER);
      b0.add(b1).add(b2.add(b3)).intoMemorySegment(ALL, to + V, ORDER);
    }
  }

  private static void four(
      long tile,
      int width,
      float[] codes,
      int x0,
      int x1,
      int x2,
      int x3,
      float[] factors,
      int token,
      long sums) {
    for (long row = 0; row < LINE; row += 2 * V) {
      long at = (tile & ADDRESSES) + row;
      FloatVector a0 = FloatVector.broadcast(FLOATS, factors[token]);
      FloatVector a1 = FloatVector.broadcast(FLOATS, factors[token + 1]);
      FloatVector a2 = FloatVector.broadcast(FLOATS, factors[token + 2]);
      FloatVector a3 = FloatVector.broadcast(FLOATS, factors[token + 3]);
      FloatVector b0 = a0;
      FloatVector b1 = a1;
      FloatVector b2 = a2;
      FloatVector b3 = a3;
      for (int c = 0; c < width; c++, at += LINE) {
        FloatVector u = FloatVector.fromMemorySegment(FLOATS, ALL, at, ORDER);
        FloatVector v = FloatVector.fromMemorySegment(FLOATS, ALL, at + V, ORDER);
        FloatVector code = FloatVector.broadcast(FLOATS, codes[x0 + c]);
        a0 = u.fma(code, a0);
        b0 = v.fma(code, b0);
        code = FloatVector.broadcast(FLOATS, codes[x1 + c]);
        a1 = u.fma(code, a1);
        b1 = v.fma(code, b1);
        code = FloatVector.broadcast(FLOATS, codes[x2 + c]);
        a2 = u.fma(code, a2);
        b2 = v.fma(code, b2);
        code = FloatVector.broadcast(FLOATS, codes[x3 + c]);
        a3 = u.fma(code, a3);
        b3 = v.fma(code, b3);
      }
      long to = (sums & ADDRESSES) + row;
      a0.intoMemorySegment(ALL, to, ORDER);
      b0.intoMemorySegment(ALL, to + V, ORDER);
      a1.intoMemorySegment(ALL, to + LINE, ORDER);
      b1.intoMemorySegment(ALL, to + (LINE + V), ORDER);
      a2.intoMemorySegment(ALL, to + 2 * LINE, ORDER);
      b2.intoMemorySegment(ALL, to + (2 * LINE + V), ORDER);
      a3.intoMemorySegment(ALL, to + 3 * LINE, ORDER);
      b3.intoMemorySegment(ALL, to + (3 * LINE + V), ORDER);
    }
  }

  /// Adds scaled sums to the results.
  private static void add(long tile, long part, int count, float[] factors) {
    for (long row = 0; row < LINE; row += V) {
      FloatVector scale = floats(tile + SCALES + part + row);
      for (int t = 0; t < count; t++) {
        long to = (tile & ADDRESSES) + RESULTS + t * LINE + row;
        FloatVector sum = floats(tile + SUMS + t * LINE + row);
        FloatVector xScale = FloatVector.broadcast(FLOATS, factors[SCALE + t]);
        sum.fma(scale.mul(xScale), floats(to)).intoMemorySegment(ALL, to, ORDER);
      }
    }
  }

  /// Adds shifts as well.
  private static void addShifted(long tile, long part, int count, float[] factors) {
    for (long row = 0; row < LINE; row += V) {
      FloatVector scale = floats(tile + SCALES + part + row);
      FloatVector shift = floats(tile + SHIFTS + part + row);
      for (int t = 0; t < count; t++) {
        long to = (tile & ADDRESSES) + RESULTS + t * LINE + row;
        FloatVector sum = floats(tile + SUMS + t * LINE + row);
        FloatVector xScale = FloatVector.broadcast(FLOATS, factors[SCALE + t]);
        FloatVector xSum = FloatVector.broadcast(FLOATS, factors[SHIFT + t]);
        sum = sum.fma(scale.mul(xScale), floats(to));
        shift.fma(xSum, sum).intoMemorySegment(ALL, to, ORDER);
      }
    }
  }
}
