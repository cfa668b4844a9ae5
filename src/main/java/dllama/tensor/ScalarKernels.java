package dllama.tensor;

import java.lang.foreign.MemorySegment;

/// The specification of all kernels, in plain loops. Every operation below is one rounding in the
/// order written; what is not written here (vector width, threads, batch, compiler) has no say.
///
/// - Product with Q40 or Q80 weights: the integer sum of a block's 32 products is exact; then
///   `acc = fma((float) sum, wScale · xScale, acc)`, block by block from 0.
/// - Product with F32 or F16 weights: per block of 32 columns an fma chain from 0 in column order;
///   the blocks' sums are added in order, from 0.
/// - Sums over a row (rmsNorm, softmax) run in 16 lanes, element i in lane i mod 16, each from 0;
///   then lane l takes lane l + 8, l + 4, l + 2, l + 1.
/// - Attention: score = (fma chain over headDim) · (float) (1 / sqrt(headDim)); e = exp(score −
///   max); out = (fma chain of e · value over positions) · (1 / Σ e). Exp is [Exp].
/// - silu(x) = x / (1 + exp(−x)); gelu(x) = x / (1 + exp(−2u)) with u = sqrt(2/π) · (x + 0.044715
///   x³), which is the tanh approximation without the cancellation.
public final class ScalarKernels implements Kernels {
  @Override
  public void load(float[] x, int xAt, Activations into, int token) {
    if (into.weightType().quantized()) {
      loadQ80(x, xAt, into, token);
    } else {
      System.arraycopy(x, xAt, into.values(), into.valueAt(token), into.cols());
    }
  }

  private static void loadQ80(float[] x, int xAt, Activations into, int token) {
    int codeAt = into.codeAt(token);
    int scaleAt = into.scaleAt(token);
    for (int block = 0; block < into.blocks(); block++) {
      float max = Q80.max(x, xAt);
      float inverse = Q80.inverse(max);
      int sum = 0;
      int before = 0;
      for (int i = 0; i < DType.BLOCK; i++) {
        int code = Q80.round(x[xAt + i] * inverse);
        into.setCode(codeAt, i, code - into.carries()[i] * before);
        sum += code;
        before = code;
      }
      into.scales()[scaleAt] = Float.float16ToFloat(Q80.scale(max));
      into.offsets()[scaleAt] = Activations.twice(-8 * sum);
      xAt += DType.BLOCK;
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
        out[outAt + token * outStride + row] =
            switch (w.dtype()) {
              case Q40 -> dotQ40(w, row, x, token);
              case Q80 -> dotQ80(w, row, x, token);
              case F32, F16 -> dotFloat(w, row, x, token);
            };
      }
    }
  }

  private static float dotQ40(PackedMatrix w, int row, Activations x, int token) {
    long lane = w.groupBytes() * (row / Tiles.ROWS) + 2L * Tiles.lane(row % Tiles.ROWS);
    int codeAt = x.codeAt(token);
    int scaleAt = x.scaleAt(token);
    float acc = 0;
    for (int block = 0; block < x.blocks(); block++) {
      int sum = x.offsets()[scaleAt];
      for (int k = 0; k < 8; k++) {
        int nibbles = Short.toUnsignedInt(Tiles.getShort(w.data(), lane + (long) k * Tiles.LINE));
        for (int j = 0; j < 4; j++) {
          sum += (nibbles >> (4 * j)) * x.code(codeAt, 4 * k + j);
        }
      }
      float scale = Tiles.half(Tiles.getShort(w.data(), lane + Tiles.Q40_SCALES));
      acc = Math.fma((float) (short) sum, scale * x.scales()[scaleAt], acc);
      lane += Tiles.Q40_BYTES;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
    return acc;
  }

  private static float dotQ80(PackedMatrix w, int row, Activations x, int token) {
    long lane = w.groupBytes() * (row / Tiles.ROWS) + 2L * Tiles.lane(row % Tiles.ROWS);
    int codeAt = x.codeAt(token);
    int scaleAt = x.scaleAt(token);
    float acc = 0;
    for (int block = 0; block < x.blocks(); block++) {
      int sum = 0;
      for (int k = 0; k < 16; k++) {
        short pair = Tiles.getShort(w.data(), lane + (long) k * Tiles.LINE);
        sum += (byte) pair * x.code(codeAt, 2 * k);
        sum += (pair >> 8) * x.code(codeAt, 2 * k + 1);
      }
      float scale = Tiles.half(Tiles.getShort(w.data(), lane + Tiles.Q80_SCALES));
      acc = Math.fma((float) sum, scale * x.scales()[scaleAt], acc);
      lane += Tiles.Q80_BYTES;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
    return acc;
  }

  private static float dotFloat(PackedMatrix w, int row, Activations x, int token) {
    long group = w.groupBytes() * (row / Tiles.ROWS);
    int valueAt = x.valueAt(token);
    float acc = 0;
    for (int block = 0; block < x.blocks(); block++) {
      float sum = 0;
      for (int c = 0; c < DType.BLOCK; c++) {
        int line = block * DType.BLOCK + c;
        sum =
            Math.fma(
                element(w.data(), w.dtype(), group, line, row % Tiles.ROWS),
                x.values()[valueAt + line],
                sum);
      }
      acc += sum;
    }
    return acc;
  }

  /// Element `row` of a line of 32 floats or float16 of a tile, or of the keys' cache.
  static float element(MemorySegment data, DType dtype, long at, long line, int row) {
    return dtype == DType.F32
        ? Tiles.getFloat(data, at + line * Tiles.F32_LINE + row * 4L)
        : Tiles.half(Tiles.getShort(data, at + line * Tiles.LINE + Tiles.lane(row) * 2L));
  }

  @Override
  public void rmsNorm(
      float[] x, int xAt, float[] weight, int size, float epsilon, float[] out, int outAt) {
    float[] lanes = Lanes.zero();
    for (int i = 0; i < size; i++) {
      float value = x[xAt + i];
      lanes[i % Lanes.COUNT] = Math.fma(value, value, lanes[i % Lanes.COUNT]);
    }
    float inverse = Lanes.inverseRms(Lanes.sum(lanes), size, epsilon);
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
      int length,
      float[] scores,
      float[] out,
      int outAt) {
    ScalarAttention.attend(query, queryAt, heads, cache, pages, length, scores, out, outAt);
  }

  @Override
  public void encode(float[] x, int xAt, int size, DType dtype, MemorySegment to, long toByte) {
    Blocks.encode(x, xAt, size, dtype, to, toByte);
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
    Blocks.decode(from, fromByte, dtype, size, accumulate, sum, sumAt);
  }
}
