package dllama.tensor;

import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.floats;
import static dllama.tensor.Vectors.halfShorts;
import static dllama.tensor.Vectors.highHalf;
import static dllama.tensor.Vectors.lowHalf;
import static dllama.tensor.Vectors.shorts;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.S2I;

import java.util.Arrays;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Attention of one head: scores with positions in lanes, values with dimensions in lanes; bits as
/// [ScalarAttention].
final class VectorAttention {
  private VectorAttention() {}

  static void attend(
      float[] query,
      int queryAt,
      KvHead cache,
      int length,
      float[] scores,
      float[] out,
      int outAt) {
    Objects.checkFromIndexSize(0, length, cache.capacity());
    int headDim = cache.headDim();
    int padded = (length + Tiles.ROWS - 1) / Tiles.ROWS * Tiles.ROWS;
    Objects.checkFromIndexSize(0, padded, scores.length);
    boolean wide = cache.dtype() == DType.F32;
    long tileBytes = headDim * (wide ? Tiles.F32_LINE : Tiles.LINE);
    for (int position = 0; position < padded; position += Tiles.ROWS) {
      long tile = position / Tiles.ROWS * tileBytes;
      if (wide) {
        scoresF32(query, queryAt, cache.keys().address() + tile, headDim, scores, position);
      } else {
        scoresF16(query, queryAt, cache.keys().address() + tile, headDim, scores, position);
      }
    }
    Arrays.fill(scores, length, padded, Float.NEGATIVE_INFINITY);
    float inverse = softmax(scores, padded);
    int d =
        wide
            ? valuesF32(scores, cache.values().address(), headDim, length, inverse, out, outAt)
            : valuesF16(scores, cache.values().address(), headDim, length, inverse, out, outAt);
    for (; d < headDim; d++) {
      out[outAt + d] = ScalarAttention.weighted(scores, cache, length, d) * inverse;
    }
  }

  private static void scoresF32(
      float[] query, int queryAt, long at, int headDim, float[] to, int toAt) {
    float scale = ScalarAttention.scale(headDim);
    for (int row = 0; row < Tiles.ROWS; row += 2 * F) {
      FloatVector a = FloatVector.zero(FLOATS);
      FloatVector b = a;
      for (int d = 0; d < headDim; d++) {
        FloatVector q = FloatVector.broadcast(FLOATS, query[queryAt + d]);
        long line = at + d * Tiles.F32_LINE + row * 4L;
        a = q.fma(floats(line), a);
        b = q.fma(floats(line + F * 4L), b);
      }
      a.mul(scale).intoArray(to, toAt + row);
      b.mul(scale).intoArray(to, toAt + row + F);
    }
  }

  private static void scoresF16(
      float[] query, int queryAt, long at, int headDim, float[] to, int toAt) {
    float scale = ScalarAttention.scale(headDim);
    for (int part = 0; part < Tiles.ROWS; part += L) {
      FloatVector a = FloatVector.zero(FLOATS);
      FloatVector b = a;
      for (int d = 0; d < headDim; d++) {
        FloatVector q = FloatVector.broadcast(FLOATS, query[queryAt + d]);
        IntVector halves = shorts(at + (long) d * Tiles.LINE + part * 2L).reinterpretAsInts();
        a = q.fma(lowHalf(halves), a);
        b = q.fma(highHalf(halves), b);
      }
      a.mul(scale).intoArray(to, toAt + part / 2);
      b.mul(scale).intoArray(to, toAt + part / 2 + Tiles.ROWS / 2);
    }
  }

  /// Turns scores into their exponentials relative to the largest; returns 1 / their sum.
  private static float softmax(float[] scores, int padded) {
    float max = max(scores, padded);
    float[] lanes = Lanes.zero();
    for (int lane = 0; lane < Lanes.COUNT; lane += F) {
      FloatVector sum = FloatVector.zero(FLOATS);
      for (int i = lane; i < padded; i += Lanes.COUNT) {
        FloatVector e = VectorExp.exp(FloatVector.fromArray(FLOATS, scores, i).sub(max));
        e.intoArray(scores, i);
        sum = sum.add(e);
      }
      sum.intoArray(lanes, lane);
    }
    return 1 / Lanes.sum(lanes);
  }

  private static float max(float[] scores, int padded) {
    FloatVector max = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < padded; i += F) {
      max = max.max(FloatVector.fromArray(FLOATS, scores, i));
    }
    return max.reduceLanes(MAX);
  }

  /// Returns how many dimensions were computed: all whole vectors.
  private static int valuesF32(
      float[] weights,
      long values,
      int headDim,
      int length,
      float inverse,
      float[] out,
      int outAt) {
    int d = 0;
    for (; d <= headDim - 4 * F; d += 4 * F) {
      fourF32(weights, values, headDim, length, d, inverse, out, outAt + d);
    }
    for (; d <= headDim - F; d += F) {
      oneF32(weights, values, headDim, length, d, inverse, out, outAt + d);
    }
    return d;
  }

  /// Returns how many dimensions were computed: all whole vectors.
  private static int valuesF16(
      float[] weights,
      long values,
      int headDim,
      int length,
      float inverse,
      float[] out,
      int outAt) {
    int d = 0;
    for (; d <= headDim - 2 * F; d += 2 * F) {
      twoF16(weights, values, headDim, length, d, inverse, out, outAt + d);
    }
    for (; d <= headDim - F; d += F) {
      oneF16(weights, values, headDim, length, d, inverse, out, outAt + d);
    }
    return d;
  }

  private static void fourF32(
      float[] weights,
      long values,
      int headDim,
      int length,
      int d,
      float inverse,
      float[] out,
      int outAt) {
    FloatVector a = FloatVector.zero(FLOATS);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector e = a;
    long at = values + 4L * d;
    for (int position = 0; position < length; position++, at += 4L * headDim) {
      FloatVector weight = FloatVector.broadcast(FLOATS, weights[position]);
      a = weight.fma(floats(at), a);
      b = weight.fma(floats(at + 4L * F), b);
      c = weight.fma(floats(at + 8L * F), c);
      e = weight.fma(floats(at + 12L * F), e);
    }
    a.mul(inverse).intoArray(out, outAt);
    b.mul(inverse).intoArray(out, outAt + F);
    c.mul(inverse).intoArray(out, outAt + 2 * F);
    e.mul(inverse).intoArray(out, outAt + 3 * F);
  }

  /// Only two, because the conversions are many calls; see [Vectors].
  private static void twoF16(
      float[] weights,
      long values,
      int headDim,
      int length,
      int d,
      float inverse,
      float[] out,
      int outAt) {
    FloatVector a = FloatVector.zero(FLOATS);
    FloatVector b = a;
    long at = values + 2L * d;
    for (int position = 0; position < length; position++, at += 2L * headDim) {
      FloatVector weight = FloatVector.broadcast(FLOATS, weights[position]);
      a = weight.fma(halves(at), a);
      b = weight.fma(halves(at + 2L * F), b);
    }
    a.mul(inverse).intoArray(out, outAt);
    b.mul(inverse).intoArray(out, outAt + F);
  }

  private static void oneF32(
      float[] weights,
      long values,
      int headDim,
      int length,
      int d,
      float inverse,
      float[] out,
      int outAt) {
    FloatVector sum = FloatVector.zero(FLOATS);
    long at = values + 4L * d;
    for (int position = 0; position < length; position++, at += 4L * headDim) {
      sum = FloatVector.broadcast(FLOATS, weights[position]).fma(floats(at), sum);
    }
    sum.mul(inverse).intoArray(out, outAt);
  }

  private static void oneF16(
      float[] weights,
      long values,
      int headDim,
      int length,
      int d,
      float inverse,
      float[] out,
      int outAt) {
    FloatVector sum = FloatVector.zero(FLOATS);
    long at = values + 2L * d;
    for (int position = 0; position < length; position++, at += 2L * headDim) {
      sum = FloatVector.broadcast(FLOATS, weights[position]).fma(halves(at), sum);
    }
    sum.mul(inverse).intoArray(out, outAt);
  }

  /// Consecutive float16 as floats.
  private static FloatVector halves(long at) {
    return lowHalf((IntVector) halfShorts(at).convertShape(S2I, INTS, 0));
  }
}
