package dllama.tensor;

import static dllama.tensor.Vectors.F;
import static dllama.tensor.Vectors.FLOATS;
import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.F2I;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.MAX;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Rounding of activations to Q80, as [Q80].
final class VectorBlocks {
  private VectorBlocks() {}

  static void loadQ80(float[] x, int xAt, Activations into, int token) {
    int[] codes = into.codes();
    int codeAt = into.codeAt(token);
    int scaleAt = into.scaleAt(token);
    for (int block = 0; block < into.blocks(); block++) {
      float max = max(x, xAt);
      int sum = round(x, xAt, Q80.inverse(max), codes, codeAt);
      into.scales()[scaleAt] = Float.float16ToFloat(Q80.scale(max));
      into.offsets()[scaleAt] = Activations.twice(-8 * sum);
      xAt += DType.BLOCK;
      codeAt += Activations.BLOCK_STRIDE;
      scaleAt += Activations.BUNDLE;
    }
  }

  static float max(float[] x, int at) {
    FloatVector max = FloatVector.zero(FLOATS);
    for (int i = 0; i < DType.BLOCK; i += F) {
      max = max.max(FloatVector.fromArray(FLOATS, x, at + i).abs());
    }
    return max.reduceLanes(MAX);
  }

  /// Writes 32 doubled codes; returns their sum.
  private static int round(float[] x, int xAt, float inverse, int[] codes, int codeAt) {
    int sum = 0;
    for (int i = 0; i < DType.BLOCK; i += F) {
      IntVector code = round(FloatVector.fromArray(FLOATS, x, xAt + i).mul(inverse));
      code.and(0xffff).mul(0x10001).intoArray(codes, codeAt + i);
      sum += code.reduceLanes(ADD);
    }
    return sum;
  }

  /// As [Q80#round].
  private static IntVector round(FloatVector value) {
    IntVector whole = (IntVector) value.convert(F2I, 0);
    FloatVector rest = value.sub((FloatVector) whole.convert(I2F, 0));
    return whole.add((IntVector) rest.mul(2).convert(F2I, 0));
  }
}
