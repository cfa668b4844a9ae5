package dllama.tensor;

import java.util.Arrays;

/// Sums in a fixed number of lanes, whatever the width of the machine's vectors.
final class Lanes {
  static final int COUNT = 16;

  private static final ThreadLocal<float[]> OF_THREAD =
      ThreadLocal.withInitial(() -> new float[COUNT]);

  private Lanes() {}

  /// This thread's lanes, all 0.
  static float[] zero() {
    float[] lanes = OF_THREAD.get();
    Arrays.fill(lanes, 0);
    return lanes;
  }

  /// Sum of the lanes by halves; overwrites them.
  static float sum(float[] lanes) {
    for (int half = COUNT / 2; half > 0; half /= 2) {
      for (int lane = 0; lane < half; lane++) {
        lanes[lane] += lanes[lane + half];
      }
    }
    return lanes[0];
  }

  /// The specification of a row's sum of squares: each lane is an fma chain over every sixteenth
  /// element.
  static float sumOfSquares(float[] x, int at, int size) {
    float[] lanes = zero();
    for (int i = 0; i < size; i++) {
      float value = x[at + i];
      lanes[i % COUNT] = Math.fma(value, value, lanes[i % COUNT]);
    }
    return sum(lanes);
  }

  static float inverseRms(float sumOfSquares, int size, float epsilon) {
    return 1 / (float) Math.sqrt(sumOfSquares / size + epsilon);
  }
}
