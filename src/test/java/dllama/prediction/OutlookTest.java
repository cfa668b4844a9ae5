package dllama.prediction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.model.Shapes;
import dllama.tensor.DType;
import org.junit.jupiter.api.Test;

class OutlookTest {
  private final Outlook outlook =
      new Outlook(Shapes.spec("llama3.2-1b", DType.Q4_0), DType.Q8_0, DType.F16, 2048);

  private double ms(int nodes, int now, double computeMs, double syncMs) {
    return outlook.msPerToken(nodes, now, computeMs, syncMs).orElseThrow();
  }

  @Test
  void shouldTellOfThePresentNumberWhatIsMeasured() {
    assertEquals(100, ms(1, 1, 100, 0), 1e-9);
    assertEquals(75, ms(4, 4, 60, 15), 1e-9);
  }

  @Test
  void shouldScaleComputingAndWaitingEachByItself() {
    double computing = ms(2, 4, 60, 0);
    assertTrue(computing > 100 && computing < 120.001, "nearly twice the work: " + computing);
    double waiting = ms(8, 4, 0, 15);
    assertTrue(waiting > 15, "more frames: " + waiting);
    assertEquals(ms(8, 4, 60, 15), ms(8, 4, 60, 0) + waiting, 1e-9);
    assertEquals(computing, ms(2, 4, 60, 0), 1e-9);
    assertEquals(ms(1, 4, 60, 15), ms(1, 4, 60, 0), 1e-9, "nobody waits for himself");
  }

  @Test
  void shouldTakeAnUsualNetworkWhereThereIsNone() {
    double two = ms(2, 1, 100, 0);
    assertTrue(two > 50 && two < 100, "half the work, and an exchange: " + two);
  }

  @Test
  void shouldSayNothingOfNumbersThatCanNotBe() {
    assertTrue(outlook.msPerToken(3, 2, 100, 10).isEmpty());
    assertTrue(outlook.msPerToken(2, 0, 100, 10).isEmpty());
  }
}
