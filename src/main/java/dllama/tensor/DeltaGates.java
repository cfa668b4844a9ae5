package dllama.tensor;

/// The gates of gated delta networks: numbers of a token and a head, from operations of one defined
/// order.
public final class DeltaGates {
  /// From here on softplus(x) is x.
  private static final float LARGE = 20;

  private DeltaGates() {}

  /// What is kept of a state: exp(rate · softplus(x)), with softplus(x) = log(1 + exp(x)).
  ///
  /// @param rate below 0
  public static float decay(float rate, float x) {
    float softplus = x > LARGE ? x : (float) StrictMath.log1p(Exp.exp(x));
    return Exp.exp(rate * softplus);
  }

  /// How much of a value is written: 1 / (1 + exp(−x)).
  public static float beta(float x) {
    return 1 / (1 + Exp.exp(-x));
  }
}
