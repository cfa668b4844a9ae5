package dllama.tensor;

import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;

import jdk.incubator.vector.FloatVector;

/// Operations on single rows: normalisation, gates, sums. The last elements of a row, fewer than a
/// vector, are computed by the scalar functions, which give the same bits.
final class VectorRows {
  private VectorRows() {}

  /// [Lanes#sumOfSquares] in vectors.
  static float sumOfSquares(float[] x, int at, int size) {
    float[] lanes = Lanes.zero();
    int whole = size - size % Lanes.COUNT;
    for (int lane = 0; lane < Lanes.COUNT; lane += F) {
      FloatVector sum = FloatVector.zero(FLOATS);
      for (int i = lane; i < whole; i += Lanes.COUNT) {
        FloatVector value = FloatVector.fromArray(FLOATS, x, at + i);
        sum = value.fma(value, sum);
      }
      sum.intoArray(lanes, lane);
    }
    for (int i = whole; i < size; i++) {
      lanes[i - whole] = Math.fma(x[at + i], x[at + i], lanes[i - whole]);
    }
    return Lanes.sum(lanes);
  }

  static void rmsNorm(
      float[] x, int xAt, float[] weight, int size, float epsilon, float[] out, int outAt) {
    float inverse = Lanes.inverseRms(sumOfSquares(x, xAt, size), size, epsilon);
    int i = 0;
    for (; i <= size - F; i += F) {
      FloatVector value = FloatVector.fromArray(FLOATS, x, xAt + i).mul(inverse);
      FloatVector.fromArray(FLOATS, weight, i).mul(value).intoArray(out, outAt + i);
    }
    for (; i < size; i++) {
      out[outAt + i] = weight[i] * (x[xAt + i] * inverse);
    }
  }

  static void swiglu(float[] gate, int gateAt, float[] up, int upAt, int size) {
    int i = 0;
    for (; i <= size - F; i += F) {
      FloatVector x = FloatVector.fromArray(FLOATS, gate, gateAt + i);
      FloatVector silu = x.div(VectorExp.exp(x.neg()).add(1));
      silu.mul(FloatVector.fromArray(FLOATS, up, upAt + i)).intoArray(gate, gateAt + i);
    }
    for (; i < size; i++) {
      gate[gateAt + i] = Gates.silu(gate[gateAt + i]) * up[upAt + i];
    }
  }

  static void geglu(float[] gate, int gateAt, float[] up, int upAt, int size) {
    FloatVector one = FloatVector.broadcast(FLOATS, 1);
    FloatVector cube = FloatVector.broadcast(FLOATS, Gates.GELU_CUBE);
    int i = 0;
    for (; i <= size - F; i += F) {
      FloatVector x = FloatVector.fromArray(FLOATS, gate, gateAt + i);
      FloatVector twiceU = x.mul(Gates.GELU).mul(cube.fma(x.mul(x), one));
      FloatVector gelu = x.div(VectorExp.exp(twiceU.neg()).add(1));
      gelu.mul(FloatVector.fromArray(FLOATS, up, upAt + i)).intoArray(gate, gateAt + i);
    }
    for (; i < size; i++) {
      gate[gateAt + i] = Gates.gelu(gate[gateAt + i]) * up[upAt + i];
    }
  }

  static void clampedSwiglu(float[] gate, int gateAt, float[] up, int upAt, int size) {
    int i = 0;
    for (; i <= size - F; i += F) {
      FloatVector g = FloatVector.fromArray(FLOATS, gate, gateAt + i).min(Gates.LIMIT);
      FloatVector silu = g.div(VectorExp.exp(g.mul(-Gates.STEEPNESS)).add(1));
      FloatVector u = FloatVector.fromArray(FLOATS, up, upAt + i);
      u = u.max(-Gates.LIMIT).min(Gates.LIMIT).add(1);
      silu.mul(u).intoArray(gate, gateAt + i);
    }
    for (; i < size; i++) {
      gate[gateAt + i] = Gates.clamped(gate[gateAt + i], up[upAt + i]);
    }
  }

  static void softcap(float[] x, int xAt, int size, float cap) {
    FloatVector twice = FloatVector.broadcast(FLOATS, 2 * cap);
    FloatVector whole = FloatVector.broadcast(FLOATS, cap);
    int i = 0;
    for (; i <= size - F; i += F) {
      FloatVector value = FloatVector.fromArray(FLOATS, x, xAt + i).mul(2 / cap);
      whole.sub(twice.div(VectorExp.exp(value).add(1))).intoArray(x, xAt + i);
    }
    for (; i < size; i++) {
      x[xAt + i] = Gates.capped(x[xAt + i], cap);
    }
  }

  static void sigmoidGate(float[] x, int xAt, float[] gate, int gateAt, int size) {
    int i = 0;
    for (; i <= size - F; i += F) {
      FloatVector g = FloatVector.fromArray(FLOATS, gate, gateAt + i);
      FloatVector value = FloatVector.fromArray(FLOATS, x, xAt + i);
      value.div(VectorExp.exp(g.neg()).add(1)).intoArray(x, xAt + i);
    }
    for (; i < size; i++) {
      x[xAt + i] = Gates.sigmoid(x[xAt + i], gate[gateAt + i]);
    }
  }

  static void add(float[] sum, int sumAt, float[] x, int xAt, int size) {
    int i = 0;
    for (; i <= size - F; i += F) {
      FloatVector value = FloatVector.fromArray(FLOATS, x, xAt + i);
      FloatVector.fromArray(FLOATS, sum, sumAt + i).add(value).intoArray(sum, sumAt + i);
    }
    for (; i < size; i++) {
      sum[sumAt + i] += x[xAt + i];
    }
  }
}
