package dllama.tensor;

/// Activation functions of the feed-forward part; see [ScalarKernels].
final class Gates {
  /// 2 · sqrt(2/π)
  static final float GELU = 0x1.988454p0f;

  static final float GELU_CUBE = 0.044715f;

  /// The clamped gate's bounds and slope, OpenAI's `swiglu_limit` and `alpha`.
  static final float LIMIT = 7;

  static final float STEEPNESS = 1.702f;

  private Gates() {}

  static float silu(float x) {
    return x / (1 + Exp.exp(-x));
  }

  static float gelu(float x) {
    float twiceU = GELU * x * Math.fma(GELU_CUBE, x * x, 1f);
    return x / (1 + Exp.exp(-twiceU));
  }

  static float capped(float x, float cap) {
    return cap - 2 * cap / (Exp.exp(x * (2 / cap)) + 1);
  }

  static float sigmoid(float x, float gate) {
    return x / (1 + Exp.exp(-gate));
  }

  static float clamped(float gate, float up) {
    float g = Math.min(gate, LIMIT);
    float u = Math.min(Math.max(up, -LIMIT), LIMIT) + 1;
    return g / (Exp.exp(g * -STEEPNESS) + 1) * u;
  }
}
