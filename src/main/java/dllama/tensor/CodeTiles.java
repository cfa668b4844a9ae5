package dllama.tensor;

import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/// One group of 32 rows of [Codes] times one to eight tokens.
///
/// Each tile is brought to the first level cache as floats ([CodePlanes], [CodeScales]) and
/// multiplied there with codes that are floats, too. Sums of such products are exact in any order:
/// none exceeds 32 · 128 · 127 < 2^24.
final class CodeTiles implements VectorProduct {
  private static final int ROWS = Tiles.ROWS;

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
    Arrays.fill(s.acc, 0, Activations.BUNDLE * ROWS, 0);
    int width = Tiles.COLS / type.scales().parts();
    boolean shifts = type.scales().shifts();
    float[] codes = x.codeValues();
    int scaleAt = x.scaleAt(token);
    for (int block = 0; block < x.blocks(); block++, scaleAt += Activations.BUNDLE) {
      CodePlanes.fill(type.planes(), at, s.tile);
      CodeScales.fill(type.scales(), at + type.planes().bytes(), s.scales, s.shifts);
      at += type.tileBytes();
      for (int part = 0; part < type.scales().parts(); part++) {
        int from = part * width * ROWS;
        int codeAt = x.valueAt(token) + block * Tiles.COLS + part * width;
        factors(x, scaleAt, part, count, s.factors);
        if (count == 1) {
          one(s.tile, from, width, codes, codeAt, s.factors, s.scales, part * ROWS, s.acc);
        } else {
          int stride = x.valueStride();
          // Tokens that are not there are computed as copies of the last one and ignored.
          for (int first = 0; first < count; first += 4) {
            int last = count - 1 - first;
            four(
                s.tile,
                from,
                width,
                codes,
                codeAt + first * stride,
                codeAt + (first + Math.min(1, last)) * stride,
                codeAt + (first + Math.min(2, last)) * stride,
                codeAt + (first + Math.min(3, last)) * stride,
                s.factors,
                first,
                s.scales,
                part * ROWS,
                s.acc,
                first * ROWS);
          }
        }
        for (int t = 0; t < count && shifts; t++) {
          shift(s.shifts, part * ROWS, s.factors[SHIFT + t], s.acc, t * ROWS);
        }
      }
    }
  }

  /// Of the tokens of a bundle, in [Scratch#factors]: what sums begin with, scales, and what
  /// shifts are multiplied with.
  private static final int SCALE = Activations.BUNDLE;

  private static final int SHIFT = 2 * Activations.BUNDLE;

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
  private static void one(
      float[] tile,
      int from,
      int width,
      float[] codes,
      int codeAt,
      float[] factors,
      float[] scales,
      int scaleAt,
      float[] acc) {
    FloatVector zero = FloatVector.zero(FLOATS);
    FloatVector first = FloatVector.broadcast(FLOATS, factors[0]);
    FloatVector xScale = FloatVector.broadcast(FLOATS, factors[SCALE]);
    for (int row = 0; row < ROWS; row += 2 * F) {
      FloatVector a0 = first;
      FloatVector a1 = zero;
      FloatVector a2 = zero;
      FloatVector a3 = zero;
      FloatVector b0 = first;
      FloatVector b1 = zero;
      FloatVector b2 = zero;
      FloatVector b3 = zero;
      for (int c = 0, at = from + row; c < width; c += 4, at += 4 * ROWS) {
        FloatVector code = FloatVector.broadcast(FLOATS, codes[codeAt + c]);
        a0 = FloatVector.fromArray(FLOATS, tile, at).fma(code, a0);
        b0 = FloatVector.fromArray(FLOATS, tile, at + F).fma(code, b0);
        code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 1]);
        a1 = FloatVector.fromArray(FLOATS, tile, at + ROWS).fma(code, a1);
        b1 = FloatVector.fromArray(FLOATS, tile, at + ROWS + F).fma(code, b1);
        code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 2]);
        a2 = FloatVector.fromArray(FLOATS, tile, at + 2 * ROWS).fma(code, a2);
        b2 = FloatVector.fromArray(FLOATS, tile, at + 2 * ROWS + F).fma(code, b2);
        code = FloatVector.broadcast(FLOATS, codes[codeAt + c + 3]);
        a3 = FloatVector.fromArray(FLOATS, tile, at + 3 * ROWS).fma(code, a3);
        b3 = FloatVector.fromArray(FLOATS, tile, at + 3 * ROWS + F).fma(code, b3);
      }
      a0 = a0.add(a1).add(a2.add(a3));
      b0 = b0.add(b1).add(b2.add(b3));
      FloatVector scale = FloatVector.fromArray(FLOATS, scales, scaleAt + row).mul(xScale);
      a0.fma(scale, FloatVector.fromArray(FLOATS, acc, row)).intoArray(acc, row);
      scale = FloatVector.fromArray(FLOATS, scales, scaleAt + row + F).mul(xScale);
      b0.fma(scale, FloatVector.fromArray(FLOATS, acc, row + F)).intoArray(acc, row + F);
    }
  }

  private static void four(
      float[] tile,
      int from,
      int width,
      float[] codes,
      int x0,
      int x1,
      int x2,
      int x3,
      float[] factors,
      int token,
      float[] scales,
      int scaleAt,
      float[] acc,
      int accAt) {
    for (int row = 0; row < ROWS; row += 2 * F) {
      FloatVector a0 = FloatVector.broadcast(FLOATS, factors[token]);
      FloatVector a1 = FloatVector.broadcast(FLOATS, factors[token + 1]);
      FloatVector a2 = FloatVector.broadcast(FLOATS, factors[token + 2]);
      FloatVector a3 = FloatVector.broadcast(FLOATS, factors[token + 3]);
      FloatVector b0 = a0;
      FloatVector b1 = a1;
      FloatVector b2 = a2;
      FloatVector b3 = a3;
      for (int c = 0, at = from + row; c < width; c++, at += ROWS) {
        FloatVector u = FloatVector.fromArray(FLOATS, tile, at);
        FloatVector v = FloatVector.fromArray(FLOATS, tile, at + F);
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
      FloatVector u = FloatVector.fromArray(FLOATS, scales, scaleAt + row);
      FloatVector v = FloatVector.fromArray(FLOATS, scales, scaleAt + row + F);
      int to = accAt + row;
      FloatVector xScale = FloatVector.broadcast(FLOATS, factors[SCALE + token]);
      a0.fma(u.mul(xScale), FloatVector.fromArray(FLOATS, acc, to)).intoArray(acc, to);
      b0.fma(v.mul(xScale), FloatVector.fromArray(FLOATS, acc, to + F)).intoArray(acc, to + F);
      to += ROWS;
      xScale = FloatVector.broadcast(FLOATS, factors[SCALE + token + 1]);
      a1.fma(u.mul(xScale), FloatVector.fromArray(FLOATS, acc, to)).intoArray(acc, to);
      b1.fma(v.mul(xScale), FloatVector.fromArray(FLOATS, acc, to + F)).intoArray(acc, to + F);
      to += ROWS;
      xScale = FloatVector.broadcast(FLOATS, factors[SCALE + token + 2]);
      a2.fma(u.mul(xScale), FloatVector.fromArray(FLOATS, acc, to)).intoArray(acc, to);
      b2.fma(v.mul(xScale), FloatVector.fromArray(FLOATS, acc, to + F)).intoArray(acc, to + F);
      to += ROWS;
      xScale = FloatVector.broadcast(FLOATS, factors[SCALE + token + 3]);
      a3.fma(u.mul(xScale), FloatVector.fromArray(FLOATS, acc, to)).intoArray(acc, to);
      b3.fma(v.mul(xScale), FloatVector.fromArray(FLOATS, acc, to + F)).intoArray(acc, to + F);
    }
  }

  private static void shift(float[] shifts, int at, float factor, float[] acc, int accAt) {
    FloatVector factors = FloatVector.broadcast(FLOATS, factor);
    for (int row = 0; row < ROWS; row += F) {
      FloatVector sum = FloatVector.fromArray(FLOATS, acc, accAt + row);
      FloatVector.fromArray(FLOATS, shifts, at + row).fma(factors, sum).intoArray(acc, accAt + row);
    }
  }
}
