package dllama.logits;

import java.util.Arrays;

/// The largest of many logits, in order; of equal ones the lower token first. NaN counts as minus
/// infinity.
final class TopLogits {
  /// A logit and its token as one number, the larger the earlier.
  private long[] keys = {};

  private int size;

  /// Selects `count` of the `all` logits from `at` on, or all of them.
  ///
  /// @param firstToken token of the first logit
  void select(float[] logits, int at, int all, int firstToken, int count) {
    size = Math.min(count, all);
    if (keys.length < size) {
      keys = new long[size];
    }
    for (int i = 0; i < size; i++) {
      keys[i] = key(logits[at + i], firstToken + i);
    }
    Arrays.sort(keys, 0, size); // so it is a heap, too, with the least one at its root
    if (size == 0 || size == all) {
      return;
    }
    float least = logit(keys[0]);
    for (int i = size; i < all; i++) {
      if (logits[at + i] > least) {
        replaceLeast(key(logits[at + i], firstToken + i));
        least = logit(keys[0]);
      }
    }
    Arrays.sort(keys, 0, size);
  }

  private void replaceLeast(long key) {
    int at = 0;
    for (int child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && keys[child + 1] < keys[child]) {
        child++;
      }
      if (key <= keys[child]) {
        break;
      }
      keys[at] = keys[child];
      at = child;
    }
    keys[at] = key;
  }

  int size() {
    return size;
  }

  /// Writes tokens and logits, the largest first.
  void get(int[] tokens, float[] logits) {
    for (int i = 0; i < size; i++) {
      long key = keys[size - 1 - i];
      tokens[i] = token(key);
      logits[i] = logit(key);
    }
  }

  static long key(float logit, int token) {
    float value = Float.isNaN(logit) ? Float.NEGATIVE_INFINITY : logit + 0f; // no negative zero
    return ((long) ordered(Float.floatToRawIntBits(value)) << Integer.SIZE)
        | (~token & 0xffffffffL);
  }

  static float logit(long key) {
    return Float.intBitsToFloat(ordered((int) (key >> Integer.SIZE)));
  }

  static int token(long key) {
    return ~(int) key;
  }

  /// From the bits of a float to an integer of the same order, and back.
  private static int ordered(int bits) {
    return bits ^ ((bits >> 31) & Integer.MAX_VALUE);
  }
}
