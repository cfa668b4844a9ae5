package dllama.tensor;

import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static dllama.tensor.Vectors.INTS;
import static dllama.tensor.Vectors.L;
import static dllama.tensor.Vectors.REBIAS;
import static dllama.tensor.Vectors.floats;
import static dllama.tensor.Vectors.halfShorts;
import static dllama.tensor.Vectors.highHalf;
import static dllama.tensor.Vectors.lowHalf;
import static dllama.tensor.Vectors.shorts;
import static dllama.tensor.Vectors.tinyHighHalf;
import static dllama.tensor.Vectors.tinyLowHalf;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.S2I;

import java.util.Arrays;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Attention of the heads that share a cache: scores with positions in lanes, values with
/// dimensions in lanes; bits as [ScalarAttention].
///
/// With an F16 cache four heads go together, so that what is read and converted serves all four.
/// A weight, which is at most 1, takes the factor that makes a float of the float16 that it meets;
/// see [Vectors#tinyLowHalf].
final class VectorAttention {
  private static final int FOUR = Kernels.HEADS_TOGETHER;

  private VectorAttention() {}

  static void attend(
      float[] query,
      int queryAt,
      int heads,
      KvHead cache,
      int[] pages,
      int from,
      int length,
      float[] sinks,
      int sinkAt,
      float[] scores,
      float[] out,
      int outAt) {
    cache.check(pages, from, length);
    int headDim = cache.headDim();
    int head = 0;
    while (head < heads) {
      int together = cache.dtype() == DType.F16 && head <= heads - FOUR ? FOUR : 1;
      int at = head * headDim;
      attendTogether(
          query,
          queryAt + at,
          together,
          cache,
          pages,
          from,
          length,
          sinks,
          sinkAt + head,
          scores,
          out,
          outAt + at);
      head += together;
    }
  }

  /// Scores begin with the page of position `from`; what of it is not seen has a weight of 0.
  private static void attendTogether(
      float[] query,
      int queryAt,
      int heads,
      KvHead cache,
      int[] pages,
      int from,
      int length,
      float[] sinks,
      int sinkAt,
      float[] scores,
      float[] out,
      int outAt) {
    int headDim = cache.headDim();
    int firstPage = from / KvHead.PAGE;
    int first = firstPage * KvHead.PAGE;
    int seen = length - first;
    int padded = (seen + Tiles.ROWS - 1) / Tiles.ROWS * Tiles.ROWS;
    Objects.checkFromIndexSize(0, heads * padded, scores.length);
    for (int at = 0, page = firstPage; at < padded; at += KvHead.PAGE, page++) {
      int count = Math.min(KvHead.PAGE, padded - at);
      long keys = cache.pool().address() + cache.keys(pages[page]);
      scores(query, queryAt, heads, cache, keys, count, scores, at, padded);
    }
    float factor = cache.dtype() == DType.F16 ? REBIAS : 1;
    float[] inverse = Scratch.ofThread().inverse;
    for (int head = 0; head < heads; head++) {
      int at = head * padded;
      Arrays.fill(scores, at, at + from - first, Float.NEGATIVE_INFINITY);
      Arrays.fill(scores, at + seen, at + padded, Float.NEGATIVE_INFINITY);
      float sink = ScalarAttention.sink(sinks, sinkAt + head);
      inverse[head] = softmax(scores, at, padded, ScalarAttention.scale(headDim), sink, factor);
    }
    Arrays.fill(out, outAt, outAt + heads * headDim, 0);
    int d = 0;
    for (int at = 0, page = firstPage; at < seen; at += KvHead.PAGE, page++) {
      int count = Math.min(KvHead.PAGE, seen - at);
      long values = cache.pool().address() + cache.values(pages[page]);
      d = values(scores, at, padded, heads, cache, values, count, out, outAt);
    }
    for (int head = 0; head < heads; head++) {
      int at = outAt + head * headDim;
      for (int rest = d; rest < headDim; rest++) {
        out[at + rest] =
            ScalarAttention.weighted(
                scores, head * padded - first, 1 / factor, cache, pages, first, length, rest);
      }
      multiply(out, at, headDim, inverse[head]);
    }
  }

  /// Sums of query · key of `count` positions of a page, not scaled yet; those of the heads are
  /// `stride` apart.
  private static void scores(
      float[] query,
      int queryAt,
      int heads,
      KvHead cache,
      long tile,
      int count,
      float[] scores,
      int scoreAt,
      int stride) {
    int headDim = cache.headDim();
    boolean wide = cache.dtype() == DType.F32;
    long tileBytes = headDim * (wide ? Tiles.F32_LINE : Tiles.LINE);
    for (int slot = 0; slot < count; slot += Tiles.ROWS, tile += tileBytes) {
      if (wide) {
        scoresF32(query, queryAt, tile, headDim, scores, scoreAt + slot);
      } else {
        for (int part = 0; part < Tiles.ROWS; part += L) {
          int to = scoreAt + slot + part / 2;
          if (heads == FOUR) {
            scoresOfFour(query, queryAt, tile + 2L * part, headDim, scores, to, stride);
          } else {
            scoresF16(query, queryAt, tile + 2L * part, headDim, scores, to);
          }
        }
      }
    }
  }

  private static void scoresF32(
      float[] query, int queryAt, long at, int headDim, float[] to, int toAt) {
    for (int row = 0; row < Tiles.ROWS; row += 2 * F) {
      FloatVector a = FloatVector.zero(FLOATS);
      FloatVector b = a;
      for (int d = 0; d < headDim; d++) {
        FloatVector q = FloatVector.broadcast(FLOATS, query[queryAt + d]);
        long line = at + d * Tiles.F32_LINE + row * 4L;
        a = q.fma(floats(line), a);
        b = q.fma(floats(line + F * 4L), b);
      }
      a.intoArray(to, toAt + row);
      b.intoArray(to, toAt + row + F);
    }
  }

  /// One vector of keys: F positions from `toAt` on, and F that are half a tile further.
  private static void scoresF16(
      float[] query, int queryAt, long at, int headDim, float[] to, int toAt) {
    FloatVector a = FloatVector.zero(FLOATS);
    FloatVector b = a;
    for (int line = 0; line < headDim * Tiles.LINE; line += Tiles.LINE) {
      FloatVector q = FloatVector.broadcast(FLOATS, query[queryAt + line / Tiles.LINE]);
      IntVector halves = shorts(at, line).reinterpretAsInts();
      a = q.fma(lowHalf(halves), a);
      b = q.fma(highHalf(halves), b);
    }
    a.intoArray(to, toAt);
    b.intoArray(to, toAt + Tiles.ROWS / 2);
  }

  /// The same for four heads, whose scores are `stride` apart.
  private static void scoresOfFour(
      float[] query, int queryAt, long at, int headDim, float[] to, int toAt, int stride) {
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    FloatVector b0 = a0;
    FloatVector b1 = a0;
    FloatVector b2 = a0;
    FloatVector b3 = a0;
    for (int line = 0; line < headDim * Tiles.LINE; line += Tiles.LINE) {
      IntVector halves = shorts(at, line).reinterpretAsInts();
      FloatVector low = lowHalf(halves);
      FloatVector high = highHalf(halves);
      int from = queryAt + line / Tiles.LINE;
      FloatVector q = FloatVector.broadcast(FLOATS, query[from]);
      a0 = q.fma(low, a0);
      b0 = q.fma(high, b0);
      q = FloatVector.broadcast(FLOATS, query[from + headDim]);
      a1 = q.fma(low, a1);
      b1 = q.fma(high, b1);
      q = FloatVector.broadcast(FLOATS, query[from + 2 * headDim]);
      a2 = q.fma(low, a2);
      b2 = q.fma(high, b2);
      q = FloatVector.broadcast(FLOATS, query[from + 3 * headDim]);
      a3 = q.fma(low, a3);
      b3 = q.fma(high, b3);
    }
    int half = Tiles.ROWS / 2;
    a0.intoArray(to, toAt);
    b0.intoArray(to, toAt + half);
    a1.intoArray(to, toAt + stride);
    b1.intoArray(to, toAt + stride + half);
    a2.intoArray(to, toAt + 2 * stride);
    b2.intoArray(to, toAt + 2 * stride + half);
    a3.intoArray(to, toAt + 3 * stride);
    b3.intoArray(to, toAt + 3 * stride + half);
  }

  /// Turns sums into weights: the exponentials of the scaled scores relative to the largest, times
  /// `factor`. Returns 1 / the sum of the exponentials, that of `sink` included. The largest sum is
  /// also the one with the largest score.
  private static float softmax(
      float[] scores, int at, int padded, float scale, float sink, float factor) {
    float max = Math.max(max(scores, at, padded) * scale, sink);
    float[] lanes = Lanes.zero();
    for (int lane = 0; lane < Lanes.COUNT; lane += F) {
      FloatVector sum = FloatVector.zero(FLOATS);
      for (int i = at + lane; i < at + padded; i += Lanes.COUNT) {
        FloatVector e = VectorExp.exp(FloatVector.fromArray(FLOATS, scores, i).mul(scale).sub(max));
        e.mul(factor).intoArray(scores, i);
        sum = e.add(sum);
      }
      sum.intoArray(lanes, lane);
    }
    return 1 / (Lanes.sum(lanes) + Exp.exp(sink - max));
  }

  private static float max(float[] scores, int at, int padded) {
    FloatVector max = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    for (int i = at; i < at + padded; i += F) {
      max = FloatVector.fromArray(FLOATS, scores, i).max(max);
    }
    return max.reduceLanes(MAX);
  }

  /// Adds weight · value of `count` positions of a page to `out`; returns how many dimensions were
  /// computed: all whole vectors. Weights of the heads are `stride` apart.
  private static int values(
      float[] weights,
      int weightAt,
      int stride,
      int heads,
      KvHead cache,
      long values,
      int count,
      float[] out,
      int outAt) {
    int headDim = cache.headDim();
    int d = 0;
    if (cache.dtype() == DType.F32) {
      for (; d <= headDim - 4 * F; d += 4 * F) {
        fourF32(weights, weightAt, values + 4L * d, headDim, count, out, outAt + d);
      }
      for (; d <= headDim - F; d += F) {
        oneF32(weights, weightAt, values + 4L * d, headDim, count, out, outAt + d);
      }
      return d;
    }
    for (; d <= headDim - Tiles.ROWS; d += Tiles.ROWS) {
      for (int part = 0; part < Tiles.ROWS; part += L) {
        long at = values + 2L * (d + part);
        int to = outAt + d + part / 2;
        if (heads == FOUR) {
          valuesOfFour(weights, weightAt, stride, at, headDim, count, out, to);
        } else {
          valuesF16(weights, weightAt, at, headDim, count, out, to);
        }
      }
    }
    int first = d;
    for (int head = 0; head < heads; head++) {
      for (d = first; d <= headDim - F; d += F) {
        int to = outAt + head * headDim + d;
        oneF16(weights, weightAt + head * stride, values + 2L * d, headDim, count, out, to);
      }
    }
    return d;
  }

  private static void fourF32(
      float[] weights, int weightAt, long at, int headDim, int count, float[] out, int outAt) {
    FloatVector a = FloatVector.fromArray(FLOATS, out, outAt);
    FloatVector b = FloatVector.fromArray(FLOATS, out, outAt + F);
    FloatVector c = FloatVector.fromArray(FLOATS, out, outAt + 2 * F);
    FloatVector e = FloatVector.fromArray(FLOATS, out, outAt + 3 * F);
    for (int slot = 0; slot < count; slot++, at += 4L * headDim) {
      FloatVector weight = FloatVector.broadcast(FLOATS, weights[weightAt + slot]);
      a = weight.fma(floats(at), a);
      b = weight.fma(floats(at + 4L * F), b);
      c = weight.fma(floats(at + 8L * F), c);
      e = weight.fma(floats(at + 12L * F), e);
    }
    a.intoArray(out, outAt);
    b.intoArray(out, outAt + F);
    c.intoArray(out, outAt + 2 * F);
    e.intoArray(out, outAt + 3 * F);
  }

  private static void oneF32(
      float[] weights, int weightAt, long at, int headDim, int count, float[] out, int outAt) {
    FloatVector sum = FloatVector.fromArray(FLOATS, out, outAt);
    for (int slot = 0; slot < count; slot++, at += 4L * headDim) {
      sum = FloatVector.broadcast(FLOATS, weights[weightAt + slot]).fma(floats(at), sum);
    }
    sum.intoArray(out, outAt);
  }

  /// One vector of float16: F dimensions from `outAt` on, and F that are half a line further.
  private static void valuesF16(
      float[] weights, int weightAt, long at, int headDim, int count, float[] out, int outAt) {
    FloatVector a = FloatVector.fromArray(FLOATS, out, outAt);
    FloatVector b = FloatVector.fromArray(FLOATS, out, outAt + Tiles.ROWS / 2);
    for (int slot = 0; slot < count; slot++, at += 2L * headDim) {
      IntVector halves = shorts(at).reinterpretAsInts();
      FloatVector weight = FloatVector.broadcast(FLOATS, weights[weightAt + slot]);
      a = weight.fma(tinyLowHalf(halves), a);
      b = weight.fma(tinyHighHalf(halves), b);
    }
    a.intoArray(out, outAt);
    b.intoArray(out, outAt + Tiles.ROWS / 2);
  }

  /// The same for four heads, whose weights are `stride` apart.
  private static void valuesOfFour(
      float[] weights,
      int weightAt,
      int stride,
      long at,
      int headDim,
      int count,
      float[] out,
      int outAt) {
    int half = Tiles.ROWS / 2;
    FloatVector a0 = FloatVector.fromArray(FLOATS, out, outAt);
    FloatVector b0 = FloatVector.fromArray(FLOATS, out, outAt + half);
    FloatVector a1 = FloatVector.fromArray(FLOATS, out, outAt + headDim);
    FloatVector b1 = FloatVector.fromArray(FLOATS, out, outAt + headDim + half);
    FloatVector a2 = FloatVector.fromArray(FLOATS, out, outAt + 2 * headDim);
    FloatVector b2 = FloatVector.fromArray(FLOATS, out, outAt + 2 * headDim + half);
    FloatVector a3 = FloatVector.fromArray(FLOATS, out, outAt + 3 * headDim);
    FloatVector b3 = FloatVector.fromArray(FLOATS, out, outAt + 3 * headDim + half);
    for (int slot = 0; slot < count; slot++, at += 2L * headDim) {
      IntVector halves = shorts(at).reinterpretAsInts();
      FloatVector low = tinyLowHalf(halves);
      FloatVector high = tinyHighHalf(halves);
      FloatVector weight = FloatVector.broadcast(FLOATS, weights[weightAt + slot]);
      a0 = weight.fma(low, a0);
      b0 = weight.fma(high, b0);
      weight = FloatVector.broadcast(FLOATS, weights[weightAt + slot + stride]);
      a1 = weight.fma(low, a1);
      b1 = weight.fma(high, b1);
      weight = FloatVector.broadcast(FLOATS, weights[weightAt + slot + 2 * stride]);
      a2 = weight.fma(low, a2);
      b2 = weight.fma(high, b2);
      weight = FloatVector.broadcast(FLOATS, weights[weightAt + slot + 3 * stride]);
      a3 = weight.fma(low, a3);
      b3 = weight.fma(high, b3);
    }
    a0.intoArray(out, outAt);
    b0.intoArray(out, outAt + half);
    a1.intoArray(out, outAt + headDim);
    b1.intoArray(out, outAt + headDim + half);
    a2.intoArray(out, outAt + 2 * headDim);
    b2.intoArray(out, outAt + 2 * headDim + half);
    a3.intoArray(out, outAt + 3 * headDim);
    b3.intoArray(out, outAt + 3 * headDim + half);
  }

  /// F dimensions of those at the end that fill no line, which stand in their own order.
  private static void oneF16(
      float[] weights, int weightAt, long at, int headDim, int count, float[] out, int outAt) {
    FloatVector sum = FloatVector.fromArray(FLOATS, out, outAt);
    for (int slot = 0; slot < count; slot++, at += 2L * headDim) {
      FloatVector weight = FloatVector.broadcast(FLOATS, weights[weightAt + slot]);
      sum = weight.fma(tinyLowHalf((IntVector) halfShorts(at).convertShape(S2I, INTS, 0)), sum);
    }
    sum.intoArray(out, outAt);
  }

  private static void multiply(float[] out, int at, int size, float factor) {
    for (int i = at; i < at + size; i++) {
      out[i] *= factor;
    }
  }
}
