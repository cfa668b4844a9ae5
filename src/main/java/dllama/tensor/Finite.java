package dllama.tensor;

/// Tells numbers from what is none: NaN and the infinities, which damaged weights and overflows
/// give and which spread over everything that is computed from them.
public final class Finite {
  private Finite() {}

  /// Whether all of `size` values from `at` on are numbers. Reads them once, four at a time.
  public static boolean all(float[] values, int at, int size) {
    float a = 0; // x - x is 0, and NaN for what is no number
    float b = 0;
    float c = 0;
    float d = 0;
    int end = at + size;
    int i = at;
    for (; i <= end - 4; i += 4) {
      a += values[i] - values[i];
      b += values[i + 1] - values[i + 1];
      c += values[i + 2] - values[i + 2];
      d += values[i + 3] - values[i + 3];
    }
    for (; i < end; i++) {
      a += values[i] - values[i];
    }
    return a + b + (c + d) == 0;
  }

  /// The first of `size` values from `at` on that is no number, counted from `at`; −1 if all are.
  public static int firstOther(float[] values, int at, int size) {
    for (int i = 0; i < size; i++) {
      if (!Float.isFinite(values[at + i])) {
        return i;
      }
    }
    return -1;
  }
}
