package dllama.tensor;

import java.lang.foreign.MemorySegment;

/// The specification of all kernels, in plain loops. Every operation below is one rounding in the
/// order written; what is not written here (vector width, threads, batch, compiler) has no say.
///
/// - Products are [DType#dot]. Weights in blocks: the integer sum of a block's 32 products is exact
///   (of 16, where that many share a scale); then `acc = fma((float) sum, wScale · xScale, acc)`,
///   block by block from 0, and where something is added to the weights, what [Codes] says.
/// - F32, F16 or BF16 weights: per block of 32 columns an fma chain from 0 in column order; the
///   blocks' sums are added in order, from 0.
/// - Sums over a row (rmsNorm, softmax) run in 16 lanes, element i in lane i mod 16, each from 0;
///   then lane l takes lane l + 8, l + 4, l + 2, l + 1.
/// - Attention: score = (fma chain over headDim) · (float) (1 / sqrt(headDim)); e = exp(score −
///   max); out = (fma chain of e · value over positions) · (1 / Σ e). Exp is [Exp].
/// - silu(x) = x / (1 + exp(−x)); gelu(x) = x / (1 + exp(−2u)) with u = sqrt(2/π) · (x + 0.044715
///   x³), which is the tanh approximation without the cancellation.
public final class ScalarKernels implements Kernels {
  @Override
  public void load(float[] x, int xAt, Activations into, int token) {
    for (InputForm form : into.forms()) {
      switch (form) {
        case FLOATS -> System.arraycopy(x, xAt, into.values(), into.valueAt(token), into.cols());
        case CODES, CARRIED_CODES, PAIRED_CODES, FLOAT_CODES ->
            loadCodes(x, xAt, into, form, token);
        case TRIPLE_CODES -> into.putTriples(token);
      }
    }
  }

  private static void loadCodes(float[] x, int xAt, Activations into, InputForm form, int token) {
    int[] codes = into.codes(form);
    float[] floatCodes = into.floatCodes();
    int[] carries = Activations.carries(form);
    int codeAt = into.codeAt(token);
    int scaleAt = into.scaleAt(token);
    for (int block = 0; block < into.blocks(); block++) {
      float max = Q8Rounding.max(x, xAt);
      float inverse = Q8Rounding.inverse(max);
      int first = 0;
      int sum = 0;
      int before = 0;
      for (int i = 0; i < Tiles.COLS; i++) {
        int code = Q8Rounding.round(x[xAt + i] * inverse);
        if (form == InputForm.FLOAT_CODES) {
          floatCodes[codeAt + i] = code;
        } else {
          codes[codeAt + i] = Activations.twice(code - carries[i] * before);
        }
        sum += code;
        first = i < Tiles.COLS / 2 ? sum : first;
        before = code;
      }
      into.putScale(scaleAt, Float.float16ToFloat(Q8Rounding.scale(max)), first, sum - first);
      if (form == InputForm.PAIRED_CODES) {
        into.putRunOffsets(codeAt, scaleAt);
      }
      xAt += Tiles.COLS;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
  }

  @Override
  public void matmul(
      PackedMatrix w,
      int fromGroup,
      int toGroup,
      Activations x,
      int tokens,
      float[] out,
      int outAt,
      int outStride) {
    x.check(w, fromGroup, toGroup, tokens);
    for (int row = fromGroup * Tiles.ROWS; row < Math.min(toGroup * Tiles.ROWS, w.rows()); row++) {
      for (int token = 0; token < tokens; token++) {
        out[outAt + token * outStride + row] = w.dtype().dot(w, row, x, token);
      }
    }
  }

  @Override
  public void rmsNorm(
      float[] x, int xAt, float[] weight, int size, float epsilon, float[] out, int outAt) {
    float inverse = Lanes.inverseRms(Lanes.sumOfSquares(x, xAt, size), size, epsilon);
    for (int i = 0; i < size; i++) {
      out[outAt + i] = weight[i] * (x[xAt + i] * inverse);
    }
  }

  @Override
  public void swiglu(float[] gate, int gateAt, float[] up, int upAt, int size) {
    for (int i = 0; i < size; i++) {
      gate[gateAt + i] = Gates.silu(gate[gateAt + i]) * up[upAt + i];
    }
  }

  @Override
  public void geglu(float[] gate, int gateAt, float[] up, int upAt, int size) {
    for (int i = 0; i < size; i++) {
      gate[gateAt + i] = Gates.gelu(gate[gateAt + i]) * up[upAt + i];
    }
  }

  @Override
  public void clampedSwiglu(float[] gate, int gateAt, float[] up, int upAt, int size) {
    for (int i = 0; i < size; i++) {
      gate[gateAt + i] = Gates.clamped(gate[gateAt + i], up[upAt + i]);
    }
  }

  @Override
  public void softcap(float[] x, int xAt, int size, float cap) {
    for (int i = xAt; i < xAt + size; i++) {
      x[i] = Gates.capped(x[i], cap);
    }
  }

  @Override
  public void sigmoidGate(float[] x, int xAt, float[] gate, int gateAt, int size) {
    for (int i = 0; i < size; i++) {
      x[xAt + i] = Gates.sigmoid(x[xAt + i], gate[gateAt + i]);
    }
  }

  @Override
  public void convolve(
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
    ScalarDelta.convolve(
        x, xAt, stride, tokens, filter, filterAt, filterStride, kernel, before, size, out);
  }

  @Override
  public void l2Norm(float[] x, int at, int size, float epsilon) {
    ScalarDelta.l2Norm(x, at, size, epsilon);
  }

  @Override
  public void deltaRule(
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
    ScalarDelta.deltaRule(
        state, rows, cols, tokens, x, queryAt, keyAt, valueAt, stride, decay, beta, gateAt, out);
  }

  @Override
  public void add(float[] sum, int sumAt, float[] x, int xAt, int size) {
    for (int i = 0; i < size; i++) {
      sum[sumAt + i] += x[xAt + i];
    }
  }

  @Override
  public void append(
      KvHead cache, int page, int slot, float[] key, int keyAt, float[] value, int valueAt) {
    ScalarAttention.append(cache, page, slot, key, keyAt, value, valueAt);
  }

  @Override
  public void attend(
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
    ScalarAttention.attend(
        query, queryAt, heads, cache, pages, from, length, sinks, sinkAt, scores, out, outAt);
  }

  @Override
  public void encode(float[] x, int xAt, int size, DType dtype, MemorySegment to, long toByte) {
    dtype.encode(x, xAt, size, to, toByte);
  }

  @Override
  public void decode(
      MemorySegment from,
      long fromByte,
      DType dtype,
      int size,
      boolean accumulate,
      float[] sum,
      int sumAt) {
    dtype.decode(from, fromByte, size, accumulate, sum, sumAt);
  }
}
