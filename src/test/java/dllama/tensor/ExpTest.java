package dllama.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ExpTest {
  @Test
  void shouldBeWithinTwoUlps() {
    double worst = 0;
    for (float x = -103.9f; x < 88.7f; x += 0.0007f) {
      double exact = StrictMath.exp(x);
      double error = Math.abs(Exp.exp(x) - exact) / Math.ulp((float) exact);
      worst = Math.max(worst, error);
    }
    assertTrue(worst < 1.5, "worst error " + worst + " ulp");
  }

  @Test
  void shouldEndRightAtBothEnds() {
    assertEquals(1f, Exp.exp(0));
    assertEquals(1f, Exp.exp(-0f));
    assertEquals(1f, Exp.exp(Float.MIN_VALUE));
    assertEquals(0f, Exp.exp(-104));
    assertEquals(0f, Exp.exp(-1e30f));
    assertEquals(0f, Exp.exp(Float.NEGATIVE_INFINITY));
    assertEquals(Float.POSITIVE_INFINITY, Exp.exp(89));
    assertEquals(Float.POSITIVE_INFINITY, Exp.exp(Float.POSITIVE_INFINITY));
    assertEquals(Float.NaN, Exp.exp(Float.NaN));
  }

  @Test
  void shouldGateWithoutOverflow() {
    for (float x : new float[] {-1e30f, -200, -100, 0, 100, 200, 1e30f}) {
      assertEquals(Math.max(x, 0), Gates.silu(x) + 0f, 1e-30f);
      assertEquals(Math.max(x, 0), Gates.gelu(x) + 0f, 1e-30f);
    }
    for (float x = -12; x < 12; x += 0.01f) {
      double u = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
      assertEquals(0.5 * x * (1 + Math.tanh(u)), Gates.gelu(x), 1e-6 * Math.abs(x));
      assertEquals(x / (1 + Math.exp(-x)), Gates.silu(x), 1e-6 * Math.abs(x));
    }
  }
}
