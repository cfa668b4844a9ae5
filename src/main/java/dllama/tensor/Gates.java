package dllama.tensor;

/// Activation functions of the feed-forward part; see [ScalarKernels].
final class Gates {
  /// 2 · sqrt(2/π)
  static final float GELU = 0x1.988454p0f;

  static final float GELU_CUBE = 0.044715f;

  private Gates() {}

  static float silu(float x) {
    return x / (1 + Exp.exp(-x));
  }

  static float gelu(float x) {
    float twiceU = GELU * x * Math.fma(GELU_CUBE, x * x, 1f);
    return x / (1 + Exp.exp(-twiceU));
  }
}
