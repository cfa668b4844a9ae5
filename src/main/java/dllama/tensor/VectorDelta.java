package dllama.tensor;

import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;

import jdk.incubator.vector.FloatVector;

/// [ScalarDelta] in vectors: lanes are channels of a convolution, or columns of a state. What is
/// left of them, fewer than a vector, is computed by the scalar functions.
///
/// Of the delta rule, two vectors of columns go through all tokens, so their part of a state stays
/// in the first level cache. Each token needs the state twice, to read it and to write it; writing
/// for one token and reading for the next one are done at once.
final class VectorDelta {
  private VectorDelta() {}

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
    int c = 0;
    for (; c <= size - F; c += F) {
      for (int token = 0; token < tokens; token++) {
        int first = Math.min(kernel, Math.max(0, kernel - 1 - token));
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int i = 0; i < first; i++) {
          FloatVector weight =
              FloatVector.fromArray(FLOATS, filter, filterAt + i * filterStride + c);
          sum = weight.fma(FloatVector.fromArray(FLOATS, before, (token + i) * size + c), sum);
        }
        for (int i = first; i < kernel; i++) {
          FloatVector weight =
              FloatVector.fromArray(FLOATS, filter, filterAt + i * filterStride + c);
          int at = xAt + (token + i + 1 - kernel) * stride + c;
          sum = weight.fma(FloatVector.fromArray(FLOATS, x, at), sum);
        }
        sum.intoArray(out, xAt + token * stride + c);
      }
    }
    int whole = c;
    for (; c < size; c++) {
      ScalarDelta.channel(
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
    for (int token = 0; token < tokens; token++) {
      int at = xAt + token * stride;
      VectorRows.sigmoidGate(out, at, out, at, whole);
    }
    ScalarDelta.remember(x, xAt, stride, tokens, kernel, before, size);
  }

  static void l2Norm(float[] x, int at, int size, float epsilon) {
    float inverse = ScalarDelta.inverseLength(VectorRows.sumOfSquares(x, at, size), epsilon);
    int i = 0;
    for (; i <= size - F; i += F) {
      FloatVector.fromArray(FLOATS, x, at + i).mul(inverse).intoArray(x, at + i);
    }
    for (; i < size; i++) {
      x[at + i] *= inverse;
    }
  }

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
    int col = 0;
    for (; col <= cols - 2 * F; col += 2 * F) {
      two(
          state, rows, cols, col, tokens, x, queryAt, keyAt, valueAt, stride, decay, beta, gateAt,
          out);
    }
    for (; col <= cols - F; col += F) {
      one(
          state, rows, cols, col, tokens, x, queryAt, keyAt, valueAt, stride, decay, beta, gateAt,
          out);
    }
    for (; col < cols; col++) {
      ScalarDelta.column(
          state, rows, cols, col, tokens, x, queryAt, keyAt, valueAt, stride, decay, beta, gateAt,
          out);
    }
  }

  private static void two(
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
    float scale = ScalarDelta.scale(rows);
    FloatVector read0 = FloatVector.zero(FLOATS);
    FloatVector read1 = FloatVector.zero(FLOATS);
    float kept = decay[gateAt];
    for (int row = 0; row < rows; row++) {
      int at = row * cols + col;
      FloatVector key = FloatVector.broadcast(FLOATS, x[keyAt + row]);
      FloatVector s0 = FloatVector.fromArray(FLOATS, state, at).mul(kept);
      FloatVector s1 = FloatVector.fromArray(FLOATS, state, at + F).mul(kept);
      s0.intoArray(state, at);
      s1.intoArray(state, at + F);
      read0 = key.fma(s0, read0);
      read1 = key.fma(s1, read1);
    }
    for (int token = 0; token < tokens; token++) {
      int gate = gateAt + token;
      int value = valueAt + token * stride + col;
      FloatVector d0 = FloatVector.fromArray(FLOATS, x, value).sub(read0).mul(beta[gate]);
      FloatVector d1 = FloatVector.fromArray(FLOATS, x, value + F).sub(read1).mul(beta[gate]);
      read0 = FloatVector.zero(FLOATS);
      read1 = FloatVector.zero(FLOATS);
      FloatVector sum0 = FloatVector.zero(FLOATS);
      FloatVector sum1 = FloatVector.zero(FLOATS);
      int keys = keyAt + token * stride;
      int queries = queryAt + token * stride;
      if (token < tokens - 1) {
        float next = decay[gate + 1];
        for (int row = 0; row < rows; row++) {
          int at = row * cols + col;
          FloatVector key = FloatVector.broadcast(FLOATS, x[keys + row]);
          FloatVector query = FloatVector.broadcast(FLOATS, x[queries + row]);
          FloatVector nextKey = FloatVector.broadcast(FLOATS, x[keys + stride + row]);
          FloatVector s0 = key.fma(d0, FloatVector.fromArray(FLOATS, state, at));
          FloatVector s1 = key.fma(d1, FloatVector.fromArray(FLOATS, state, at + F));
          sum0 = query.fma(s0, sum0);
          sum1 = query.fma(s1, sum1);
          s0 = s0.mul(next);
          s1 = s1.mul(next);
          s0.intoArray(state, at);
          s1.intoArray(state, at + F);
          read0 = nextKey.fma(s0, read0);
          read1 = nextKey.fma(s1, read1);
        }
      } else {
        for (int row = 0; row < rows; row++) {
          int at = row * cols + col;
          FloatVector key = FloatVector.broadcast(FLOATS, x[keys + row]);
          FloatVector query = FloatVector.broadcast(FLOATS, x[queries + row]);
          FloatVector s0 = key.fma(d0, FloatVector.fromArray(FLOATS, state, at));
          FloatVector s1 = key.fma(d1, FloatVector.fromArray(FLOATS, state, at + F));
          s0.intoArray(state, at);
          s1.intoArray(state, at + F);
          sum0 = query.fma(s0, sum0);
          sum1 = query.fma(s1, sum1);
        }
      }
      FloatVector scales = FloatVector.broadcast(FLOATS, scale);
      scales.mul(sum0).intoArray(out, value);
      scales.mul(sum1).intoArray(out, value + F);
    }
  }

  /// Where heads are narrower than two vectors.
  private static void one(
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
    FloatVector scales = FloatVector.broadcast(FLOATS, ScalarDelta.scale(rows));
    for (int token = 0; token < tokens; token++) {
      int gate = gateAt + token;
      int keys = keyAt + token * stride;
      int queries = queryAt + token * stride;
      FloatVector read = FloatVector.zero(FLOATS);
      for (int row = 0; row < rows; row++) {
        int at = row * cols + col;
        FloatVector s = FloatVector.fromArray(FLOATS, state, at).mul(decay[gate]);
        s.intoArray(state, at);
        read = FloatVector.broadcast(FLOATS, x[keys + row]).fma(s, read);
      }
      int value = valueAt + token * stride + col;
      FloatVector d = FloatVector.fromArray(FLOATS, x, value).sub(read).mul(beta[gate]);
      FloatVector sum = FloatVector.zero(FLOATS);
      for (int row = 0; row < rows; row++) {
        int at = row * cols + col;
        FloatVector key = FloatVector.broadcast(FLOATS, x[keys + row]);
        FloatVector s = key.fma(d, FloatVector.fromArray(FLOATS, state, at));
        s.intoArray(state, at);
        sum = FloatVector.broadcast(FLOATS, x[queries + row]).fma(s, sum);
      }
      scales.mul(sum).intoArray(out, value);
    }
  }
}
