package dllama.tensor;

import java.util.Objects;

/// Attention of one head in plain loops; see [ScalarKernels].
final class ScalarAttention {
  private ScalarAttention() {}

  static void append(
      KvHead cache, int page, int slot, float[] key, int keyAt, float[] value, int valueAt) {
    Objects.checkIndex(slot, KvHead.PAGE);
    int headDim = cache.headDim();
    boolean wide = cache.dtype() == DType.F32;
    long line = (long) (slot / Tiles.ROWS) * headDim;
    int row = slot % Tiles.ROWS;
    long keys = cache.keys(page);
    long values = cache.values(page);
    for (int d = 0; d < headDim; d++, line++) {
      long to = cache.valueAt(slot, d);
      if (wide) {
        Tiles.putFloat(cache.pool(), keys + line * Tiles.F32_LINE + row * 4L, key[keyAt + d]);
        Tiles.putFloat(cache.pool(), values + to * 4, value[valueAt + d]);
      } else {
        short half = Float.floatToFloat16(key[keyAt + d]);
        Tiles.putShort(cache.pool(), keys + line * Tiles.LINE + Tiles.lane(row) * 2L, half);
        Tiles.putShort(cache.pool(), values + to * 2, Float.floatToFloat16(value[valueAt + d]));
      }
    }
  }

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
    for (int head = 0; head < heads; head++) {
      int at = head * cache.headDim();
      float sink = sink(sinks, sinkAt + head);
      attend(query, queryAt + at, cache, pages, from, length, sink, scores, out, outAt + at);
    }
  }

  private static void attend(
      float[] query,
      int queryAt,
      KvHead cache,
      int[] pages,
      int from,
      int length,
      float sink,
      float[] scores,
      float[] out,
      int outAt) {
    for (int position = from; position < length; position++) {
      int page = pages[position / KvHead.PAGE];
      scores[position] = score(query, queryAt, cache, page, position % KvHead.PAGE);
    }
    float inverse = softmax(scores, from, length, sink);
    for (int d = 0; d < cache.headDim(); d++) {
      out[outAt + d] = weighted(scores, 0, 1, cache, pages, from, length, d) * inverse;
    }
  }

  /// A head's sink; one that takes nothing where there is none.
  static float sink(float[] sinks, int at) {
    return sinks.length == 0 ? Float.NEGATIVE_INFINITY : sinks[at];
  }

  private static float score(float[] query, int queryAt, KvHead cache, int page, int slot) {
    long line = (long) (slot / Tiles.ROWS) * cache.headDim();
    int row = slot % Tiles.ROWS;
    long keys = cache.keys(page);
    Floats keysType = (Floats) cache.dtype();
    float score = 0;
    for (int d = 0; d < cache.headDim(); d++, line++) {
      float key = keysType.element(cache.pool(), keys, line, row);
      score = Math.fma(query[queryAt + d], key, score);
    }
    return score * scale(cache.headDim());
  }

  static float scale(int headDim) {
    return (float) (1 / Math.sqrt(headDim));
  }

  /// Turns scores into their exponentials relative to the largest; returns 1 / their sum.
  private static float softmax(float[] scores, int from, int length, float sink) {
    float max = sink;
    for (int position = from; position < length; position++) {
      max = Math.max(max, scores[position]);
    }
    float[] lanes = Lanes.zero();
    for (int position = from; position < length; position++) {
      scores[position] = Exp.exp(scores[position] - max);
      lanes[position % Lanes.COUNT] += scores[position];
    }
    return 1 / (Lanes.sum(lanes) + Exp.exp(sink - max));
  }

  /// Dimension `d` of Σ weight · value over positions `from` ≤ p < `length`, where `factor`, a
  /// power of two, makes weights of what is in `weights`.
  ///
  /// @param weightAt index of the weight of position 0, which need not be there
  static float weighted(
      float[] weights,
      int weightAt,
      float factor,
      KvHead cache,
      int[] pages,
      int from,
      int length,
      int d) {
    float sum = 0;
    for (int position = from; position < length; position++) {
      float value = value(cache, pages[position / KvHead.PAGE], position % KvHead.PAGE, d);
      sum = Math.fma(weights[weightAt + position] * factor, value, sum);
    }
    return sum;
  }

  private static float value(KvHead cache, int page, int slot, int d) {
    long values = cache.values(page);
    long at = cache.valueAt(slot, d);
    return cache.dtype() == DType.F32
        ? Tiles.getFloat(cache.pool(), values + at * 4)
        : Tiles.half(Tiles.getShort(cache.pool(), values + at * 2));
  }
}
