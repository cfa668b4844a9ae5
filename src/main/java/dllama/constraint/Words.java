package dllama.constraint;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One of given texts. State: those that begin with what was taken, which are neighbours in order,
/// and how much that is: first << 40 | last << 20 | length.
final class Words extends Terminal {
  /// Bits of each part of a state.
  private static final int BITS = 20;

  private static final int MASK = (1 << BITS) - 1;

  /// In the order of their bytes, without doubles.
  private final byte[][] words;

  Words(List<byte[]> words) {
    byte[][] sorted = words.toArray(byte[][]::new);
    Arrays.sort(sorted, Arrays::compareUnsigned);
    int count = 0;
    for (byte[] word : sorted) {
      if (count == 0 || !Arrays.equals(word, sorted[count - 1])) {
        sorted[count++] = word;
      }
      if (word.length > MASK || count > MASK) {
        throw new IllegalArgumentException("words=%d length=%d".formatted(count, word.length));
      }
    }
    this.words = Arrays.copyOf(sorted, count);
  }

  @Override
  long start() {
    return state(0, words.length - 1, 0);
  }

  @Override
  long next(long state, byte value) {
    int last = last(state);
    int at = length(state);
    int from = firstAbove(first(state), last, at, (value & 0xFF) - 1);
    if (from > last || words[from][at] != value) {
      return NONE;
    }
    return state(from, firstAbove(from, last, at, value & 0xFF) - 1, at + 1);
  }

  /// The first of the words that is longer than `at` and has a byte above `value` there.
  private int firstAbove(int first, int last, int at, int value) {
    int low = first;
    int high = last + 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      byte[] word = words[middle];
      if (word.length <= at || (word[at] & 0xFF) <= value) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  @Override
  boolean accepts(long state) {
    return words[first(state)].length == length(state);
  }

  @Override
  boolean continues(long state) {
    return words[last(state)].length > length(state);
  }

  @Override
  @Nullable Object likeness(long state, int longest) {
    return null;
  }

  private static long state(int first, int last, int length) {
    return ((long) first << BITS | last) << BITS | length;
  }

  private static int first(long state) {
    return (int) (state >>> (2 * BITS));
  }

  private static int last(long state) {
    return (int) (state >>> BITS) & MASK;
  }

  private static int length(long state) {
    return (int) state & MASK;
  }
}
