package dllama.tensor;

import static dllama.tensor.Vectors.FLOATS;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// [Exp] on vectors, operation by operation.
final class VectorExp {
  private static final int ROUNDER_BITS = Float.floatToRawIntBits(Exp.ROUNDER);

  private VectorExp() {}

  static FloatVector exp(FloatVector x) {
    FloatVector clamped = x.max(Exp.MIN).min(Exp.MAX);
    FloatVector rounded = clamped.fma(broadcast(Exp.LOG2_E), broadcast(Exp.ROUNDER));
    FloatVector n = rounded.sub(Exp.ROUNDER);
    FloatVector r = n.fma(broadcast(-Exp.LN2_HIGH), clamped);
    r = n.fma(broadcast(-Exp.LN2_LOW), r);
    FloatVector one = broadcast(1);
    FloatVector p = broadcast(Exp.C7).fma(r, broadcast(Exp.C6));
    p = p.fma(r, broadcast(Exp.C5));
    p = p.fma(r, broadcast(Exp.C4));
    p = p.fma(r, broadcast(Exp.C3));
    p = p.fma(r, broadcast(Exp.C2));
    p = p.fma(r, one);
    p = p.fma(r, one);
    IntVector exponent = rounded.reinterpretAsInts().sub(ROUNDER_BITS);
    IntVector half = exponent.lanewise(ASHR, 1);
    return p.mul(power(half)).mul(power(exponent.sub(half)));
  }

  private static FloatVector power(IntVector exponent) {
    return exponent.add(127).lanewise(LSHL, 23).reinterpretAsFloats();
  }

  private static FloatVector broadcast(float value) {
    return FloatVector.broadcast(FLOATS, value);
  }
}
