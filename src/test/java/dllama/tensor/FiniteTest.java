package dllama.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FiniteTest {
  @Test
  void shouldFindWhatIsNoNumberWhereverItStands() {
    for (int size = 0; size < 40; size++) {
      float[] values = new float[size + 5];
      for (int i = 0; i < size; i++) {
        values[2 + i] = i % 2 == 0 ? Float.MAX_VALUE : -Float.MIN_VALUE;
      }
      values[1] = Float.NaN; // outside
      values[2 + size] = Float.POSITIVE_INFINITY;
      assertTrue(Finite.all(values, 2, size));
      assertEquals(-1, Finite.firstOther(values, 2, size));
      for (int i = 0; i < size; i++) {
        float before = values[2 + i];
        for (float other :
            new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
          values[2 + i] = other;
          assertFalse(Finite.all(values, 2, size), other + " at " + i + " of " + size);
          assertEquals(i, Finite.firstOther(values, 2, size));
        }
        values[2 + i] = before;
      }
    }
  }
}
