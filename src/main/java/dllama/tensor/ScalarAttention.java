package dllama.tensor;

import java.util.Objects;

/// Attention of one head in plain loops; see [ScalarKernels].
final class ScalarAttention {
  private ScalarAttention() {}

  static void append(
      KvHead cache, int position, float[] key, int keyAt, float[] value, int valueAt) {
    Objects.checkIndex(position, cache.capacity());
    int headDim = cache.headDim();
    boolean wide = cache.dtype() == DType.F32;
    long line = (long) (position / Tiles.ROWS) * headDim;
    int row = position % Tiles.ROWS;
    for (int d = 0; d < headDim; d++, line++) {
      long to = cache.valueAt(position, d);
      if (wide) {
        Tiles.putFloat(cache.keys(), line * Tiles.F32_LINE + row * 4L, key[keyAt + d]);
        Tiles.putFloat(cache.values(), to * 4, value[valueAt + d]);
      } else {
        short half = Float.floatToFloat16(key[keyAt + d]);
        Tiles.putShort(cache.keys(), line * Tiles.LINE + Tiles.lane(row) * 2L, half);
        Tiles.putShort(cache.values(), to * 2, Float.floatToFloat16(value[valueAt + d]));
      }
    }
  }

  static void attend(
      float[] query,
      int queryAt,
      int heads,
      KvHead cache,
      int length,
      float[] scores,
      float[] out,
      int outAt) {
    for (int head = 0; head < heads; head++) {
      int at = head * cache.headDim();
      attend(query, queryAt + at, cache, length, scores, out, outAt + at);
    }
  }

  private static void attend(
      float[] query,
      int queryAt,
      KvHead cache,
      int length,
      float[] scores,
      float[] out,
      int outAt) {
    Objects.checkFromIndexSize(0, length, cache.capacity());
    for (int position = 0; position < length; position++) {
      scores[position] = score(query, queryAt, cache, position);
    }
    float inverse = softmax(scores, length);
    for (int d = 0; d < cache.headDim(); d++) {
      out[outAt + d] = weighted(scores, 0, 1, cache, length, d) * inverse;
    }
  }

  private static float score(float[] query, int queryAt, KvHead cache, int position) {
    long line = (long) (position / Tiles.ROWS) * cache.headDim();
    int row = position % Tiles.ROWS;
    float score = 0;
    for (int d = 0; d < cache.headDim(); d++, line++) {
      float key = ScalarKernels.element(cache.keys(), cache.dtype(), 0, line, row);
      score = Math.fma(query[queryAt + d], key, score);
    }
    return score * scale(cache.headDim());
  }

  static float scale(int headDim) {
    return (float) (1 / Math.sqrt(headDim));
  }

  /// Turns scores into their exponentials relative to the largest; returns 1 / their sum.
  private static float softmax(float[] scores, int length) {
    float max = Float.NEGATIVE_INFINITY;
    for (int position = 0; position < length; position++) {
      max = Math.max(max, scores[position]);
    }
    float[] lanes = Lanes.zero();
    for (int position = 0; position < length; position++) {
      scores[position] = Exp.exp(scores[position] - max);
      lanes[position % Lanes.COUNT] += scores[position];
    }
    return 1 / Lanes.sum(lanes);
  }

  /// Dimension `d` of Σ weight · value, where `factor`, a power of two, makes weights of what is in
  /// `weights`.
  static float weighted(
      float[] weights, int weightAt, float factor, KvHead cache, int length, int d) {
    boolean wide = cache.dtype() == DType.F32;
    float sum = 0;
    for (int position = 0; position < length; position++) {
      long at = cache.valueAt(position, d);
      float value =
          wide
              ? Tiles.getFloat(cache.values(), at * 4)
              : Tiles.half(Tiles.getShort(cache.values(), at * 2));
      sum = Math.fma(weights[weightAt + position] * factor, value, sum);
    }
    return sum;
  }
}
