package dllama.tensor;

/// The specification of what gated delta networks compute (Yang, Kautz, Hatamizadeh, Gated Delta
/// Networks, arXiv:2412.06464), token by token, in plain loops. However tokens are cut into calls,
/// the results are the same; [VectorDelta] does the same in vectors, whose lanes are channels or
/// columns.
final class ScalarDelta {
  private ScalarDelta() {}

  /// See [Kernels#convolve]: y = silu(fma chain over inputs, the earliest first, from 0).
  static void convolve(
      float[] x,
      int xAt,
      int stride,
      int tokens,
      float[] filter,
      int filterAt,
      int filterStride,
      int kernel,
      float[] before,
      int size,
      float[] out) {
    for (int c = 0; c < size; c++) {
      channel(
          x,
          xAt + c,
          stride,
          tokens,
          filter,
          filterAt + c,
          filterStride,
          kernel,
          before,
          c,
          size,
          out);
    }
    remember(x, xAt, stride, tokens, kernel, before, size);
  }

  /// One channel, which is the `at`th of `before`.
  static void channel(
      float[] x,
      int xAt,
      int stride,
      int tokens,
      float[] filter,
      int filterAt,
      int filterStride,
      int kernel,
      float[] before,
      int at,
      int size,
      float[] out) {
    for (int token = 0; token < tokens; token++) {
      float sum = 0;
      for (int i = 0; i < kernel; i++) {
        int from = token + i + 1 - kernel;
        float input = from < 0 ? before[(from + kernel - 1) * size + at] : x[xAt + from * stride];
        sum = Math.fma(filter[filterAt + i * filterStride], input, sum);
      }
      out[xAt + token * stride] = Gates.silu(sum);
    }
  }

  /// Makes `before` what is before the token that comes next.
  static void remember(
      float[] x, int xAt, int stride, int tokens, int kernel, float[] before, int size) {
    for (int i = 0; i < kernel - 1; i++) {
      int from = tokens + i + 1 - kernel;
      if (from < 0) {
        System.arraycopy(before, (from + kernel - 1) * size, before, i * size, size);
      } else {
        System.arraycopy(x, xAt + from * stride, before, i * size, size);
      }
    }
  }

  /// See [Kernels#l2Norm]; the sum of squares as in rmsNorm.
  static void l2Norm(float[] x, int at, int size, float epsilon) {
    float inverse = inverseLength(Lanes.sumOfSquares(x, at, size), epsilon);
    for (int i = 0; i < size; i++) {
      x[at + i] *= inverse;
    }
  }

  static float inverseLength(float sumOfSquares, float epsilon) {
    return 1 / Math.max((float) Math.sqrt(sumOfSquares), epsilon);
  }

  /// See [Kernels#deltaRule]: for each column, with s = state · decay, r = fma chain of key · s
  /// over rows, from 0; d = beta · (value − r); state = fma(key, d, s); out = (fma chain of query ·
  /// state, from 0) · (float) (1 / sqrt(rows)).
  static void deltaRule(
      float[] state,
      int rows,
      int cols,
      int tokens,
      float[] x,
      int queryAt,
      int keyAt,
      int valueAt,
      int stride,
      float[] decay,
      float[] beta,
      int gateAt,
      float[] out) {
    for (int col = 0; col < cols; col++) {
      column(
          state, rows, cols, col, tokens, x, queryAt, keyAt, valueAt, stride, decay, beta, gateAt,
          out);
    }
  }

  static void column(
      float[] state,
      int rows,
      int cols,
      int col,
      int tokens,
      float[] x,
      int queryAt,
      int keyAt,
      int valueAt,
      int stride,
      float[] decay,
      float[] beta,
      int gateAt,
      float[] out) {
    float scale = scale(rows);
    for (int token = 0; token < tokens; token++) {
      int at = token * stride;
      float kept = decay[gateAt + token];
      float read = 0;
      for (int row = 0; row < rows; row++) {
        float s = state[row * cols + col] * kept;
        state[row * cols + col] = s;
        read = Math.fma(x[keyAt + at + row], s, read);
      }
      float delta = beta[gateAt + token] * (x[valueAt + at + col] - read);
      float sum = 0;
      for (int row = 0; row < rows; row++) {
        float s = Math.fma(x[keyAt + at + row], delta, state[row * cols + col]);
        state[row * cols + col] = s;
        sum = Math.fma(x[queryAt + at + row], s, sum);
      }
      out[valueAt + at + col] = sum * scale;
    }
  }

  static float scale(int rows) {
    return (float) (1 / Math.sqrt(rows));
  }
}
