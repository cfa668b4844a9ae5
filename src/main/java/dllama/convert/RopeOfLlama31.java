package dllama.convert;

import dllama.model.Rope;
import dllama.model.Rope.Scaling;
import java.util.Collections;
import java.util.List;

/// GGUF files have factors of single pairs where a model of Llama 3.1 and later scales frequencies;
/// a `.m` file says how they come about. All of Meta's models go from 1 to 4 waves in the original
/// context, so a pair in between tells how long that is.
final class RopeOfLlama31 {
  private static final int LOW = 1;
  private static final int HIGH = 4;
  private static final int USUAL_CONTEXT = 8192;
  private static final double TOLERANCE = 1e-4;

  private RopeOfLlama31() {}

  /// The rule that gives the factors, or what was given if none does.
  static Rope of(Rope rope, int headDim) {
    if (rope.scaling() != Scaling.PER_PAIR || rope.turned(headDim) < headDim) {
      return rope;
    }
    float factor = Math.round(Collections.max(rope.factors()));
    Rope rule =
        factor <= 1
            ? Rope.unscaled(rope.theta())
            : Rope.llama31(rope.theta(), factor, LOW, HIGH, context(rope, factor, headDim));
    return fits(rule, rope, headDim) ? rule : rope;
  }

  private static int context(Rope rope, float factor, int headDim) {
    List<Float> factors = rope.factors();
    for (int pair = 0; pair < factors.size(); pair++) {
      double kept = (1 / (double) factors.get(pair) - 1 / factor) / (1 - 1 / factor);
      if (kept > TOLERANCE && kept < 1 - TOLERANCE) {
        double waves = LOW + kept * (HIGH - LOW);
        double plain = Rope.unscaled(rope.theta()).frequency(pair, headDim);
        return Math.clamp(Math.round(waves * 2 * Math.PI / plain), 1, 1 << 28);
      }
    }
    return USUAL_CONTEXT;
  }

  private static boolean fits(Rope rule, Rope rope, int headDim) {
    for (int pair = 0; pair < headDim / 2; pair++) {
      double ratio = rule.frequency(pair, headDim) / rope.frequency(pair, headDim);
      if (Math.abs(ratio - 1) > TOLERANCE) {
        return false;
      }
    }
    return true;
  }
}
