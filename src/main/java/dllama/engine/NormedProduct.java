package dllama.engine;

import dllama.model.TensorRole;
import dllama.slice.SliceLayout;
import dllama.tensor.Activations;
import dllama.tensor.DType;
import dllama.tensor.PackedMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.IntUnaryOperator;

/// `w · norm(x)`, for the few products whose input may not be rounded to Q8_0, whatever the type of
/// `w`.
///
/// Quantized weights are multiplied with Q8_0 rows only, so such an input becomes a sum of three:
/// values rounded, what rounding lost, and what was lost of that; the latter two are magnified,
/// because float16 scales have no small numbers. What is lost in the end is less than a float's
/// rounding of the block's largest value. Weights are read once for all three.
final class NormedProduct {
  private static final int PARTS = 3;
  private static final float MAGNIFIED = 256;

  private final StepState step;
  private final int parts;
  private final ProductInput input;
  private final float[][] rest;
  private final float[][] rounded;
  private final MemorySegment[] encoded;
  private final float[] sums;

  private float[] norm = {};
  private IntUnaryOperator rows = IntUnaryOperator.identity();
  private int tokens;

  /// @param role of the matrices that will be multiplied, `matrixRows` their rows
  /// @param roundInput whether the input is rounded to Q8_0 for quantized weights after all
  NormedProduct(
      StepState step, TensorRole role, int matrixRows, boolean roundInput, int maxTokens) {
    this.step = step;
    List<DType> types = step.spec.typesOf(role);
    parts = types.stream().anyMatch(DType::quantized) && !roundInput ? PARTS : 1;
    input = new ProductInput(step.pool, types, maxTokens, parts, step.spec.dim(), this::load);
    int threads = step.pool.threads();
    rest = new float[threads][step.spec.dim()];
    rounded = new float[parts > 1 ? threads : 0][step.spec.dim()];
    encoded = new MemorySegment[rounded.length];
    for (int thread = 0; thread < encoded.length; thread++) {
      long bytes = DType.Q8_0.byteSize(step.spec.dim());
      // Off the heap as partials are, so that encoding meets one kind of memory only.
      encoded[thread] = Arena.ofAuto().allocate(bytes, SliceLayout.ALIGNMENT);
    }
    sums = new float[parts > 1 ? Math.multiplyExact(maxTokens * parts, matrixRows) : 0];
  }

  /// Chooses rows of the residual stream; outside the pool, before [#compute].
  ///
  /// @param rows which of them stands at 0 ≤ token < `tokens`
  void prepare(float[] norm, int tokens, IntUnaryOperator rows) {
    this.norm = norm;
    this.rows = rows;
    this.tokens = tokens;
    input.prepare(tokens);
  }

  /// The input of the products that a thread computes, once for each task.
  Activations rows(int thread) {
    return input.rows(thread);
  }

  /// Of `out[tokens, rows] = w · norm(x)` the row groups `from` ≤ group < `to`.
  void compute(PackedMatrix w, Activations rows, int from, int to, float[] out) {
    float[] products = parts > 1 ? sums : out;
    step.kernels.matmul(w, from, to, rows, tokens * parts, products, 0, w.rows());
    if (parts > 1) {
      int toRow = Math.min(to * PackedMatrix.TILE, w.rows());
      for (int token = 0; token < tokens; token++) {
        sum(token, w, from * PackedMatrix.TILE, toRow, out);
      }
    }
  }

  private void sum(int token, PackedMatrix w, int fromRow, int toRow, float[] out) {
    int stride = w.rows();
    int first = token * PARTS * stride;
    if (!w.dtype().quantized()) { // in another layer; rounds nothing, so nothing is lost
      System.arraycopy(sums, first + fromRow, out, token * stride + fromRow, toRow - fromRow);
      return;
    }
    for (int row = fromRow; row < toRow; row++) {
      float lost = sums[first + stride + row] + sums[first + 2 * stride + row] / MAGNIFIED;
      out[token * stride + row] = sums[first + row] + lost / MAGNIFIED;
    }
  }

  private void load(int token, Activations into, int thread) {
    float[] values = rest[thread];
    step.norm(rows.applyAsInt(token), norm, values);
    step.kernels.load(values, 0, into, token * parts);
    for (int part = 1; part < parts; part++) {
      keepWhatRoundingLoses(values, thread);
      step.kernels.load(values, 0, into, token * parts + part);
    }
  }

  private void keepWhatRoundingLoses(float[] values, int thread) {
    int dim = values.length;
    step.kernels.encode(values, 0, dim, DType.Q8_0, encoded[thread], 0);
    step.kernels.decode(encoded[thread], 0, DType.Q8_0, dim, false, rounded[thread], 0);
    for (int i = 0; i < dim; i++) {
      values[i] = MAGNIFIED * (values[i] - rounded[thread][i]);
    }
  }
}
