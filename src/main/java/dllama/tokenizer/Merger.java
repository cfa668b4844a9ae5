package dllama.tokenizer;

import java.util.Arrays;

/// Merges neighbouring symbols of a piece for as long as there is a pair that may be merged, the
/// best pair first, the leftmost of equals. Takes O(n log n) for n symbols: they are a linked list
/// in arrays, candidates wait in a heap and are dropped when one of their halves has changed
/// meanwhile. Kept for many pieces; not thread-safe.
final class Merger {
  /// No pair.
  static final long NONE = -1;

  /// Which neighbours may be merged.
  @FunctionalInterface
  interface Pairs {
    /// What a pair becomes, with its place in line: `rank << 32 | symbol`, the lowest rank first.
    ///
    /// @param start of the pair in the text
    /// @param end of it
    long of(int left, int right, int start, int end);
  }

  private static final int GONE = Integer.MIN_VALUE;

  private int[] symbols = new int[64];

  /// Where symbols begin; the one after the last is where it ends.
  private int[] starts = new int[65];

  private int[] previous = new int[64];
  private int[] next = new int[64];
  private int count;

  /// The heap: rank and left symbol, by which it is ordered, and what the pair becomes and where it
  /// ends, by which a candidate is known to be out of date.
  private long[] order = new long[64];

  private long[] pairs = new long[64];
  private int heaped;

  /// Begins a piece.
  void clear() {
    count = 0;
    heaped = 0;
  }

  /// Adds a symbol.
  void add(int symbol, int start, int end) {
    if (count == symbols.length) {
      symbols = Arrays.copyOf(symbols, 2 * count);
      starts = Arrays.copyOf(starts, 2 * count + 1);
      previous = new int[2 * count];
      next = new int[2 * count];
    }
    symbols[count] = symbol;
    starts[count] = start;
    starts[++count] = end;
  }

  /// Merges what was added.
  void merge(Pairs allowed) {
    for (int i = 0; i < count; i++) {
      previous[i] = i - 1;
      next[i] = i + 1;
    }
    for (int i = 0; i + 1 < count; i++) {
      propose(i, allowed);
    }
    while (heaped > 0) {
      int left = (int) order[0];
      int symbol = (int) pairs[0];
      int end = (int) (pairs[0] >>> 32);
      pop();
      // Symbols only grow, so the same end means the same two halves.
      if (symbols[left] != GONE && next[left] < count && starts[next[next[left]]] == end) {
        join(left, symbol, allowed);
      }
    }
  }

  private void join(int left, int symbol, Pairs allowed) {
    int right = next[left];
    symbols[left] = symbol;
    symbols[right] = GONE;
    next[left] = next[right];
    if (next[right] < count) {
      previous[next[right]] = left;
    }
    if (previous[left] >= 0) {
      propose(previous[left], allowed);
    }
    propose(left, allowed);
  }

  private void propose(int left, Pairs allowed) {
    int right = next[left];
    if (right >= count) {
      return;
    }
    int end = starts[next[right]];
    long pair = allowed.of(symbols[left], symbols[right], starts[left], end);
    if (pair != NONE) {
      push((pair & 0xFFFFFFFF00000000L) | left, ((long) end << 32) | (pair & 0xFFFFFFFFL));
    }
  }

  private void push(long key, long pair) {
    if (heaped == order.length) {
      order = Arrays.copyOf(order, 2 * heaped);
      pairs = Arrays.copyOf(pairs, 2 * heaped);
    }
    int at = heaped++;
    while (at > 0 && order[(at - 1) >>> 1] > key) {
      order[at] = order[(at - 1) >>> 1];
      pairs[at] = pairs[(at - 1) >>> 1];
      at = (at - 1) >>> 1;
    }
    order[at] = key;
    pairs[at] = pair;
  }

  private void pop() {
    long key = order[--heaped];
    long pair = pairs[heaped];
    int at = 0;
    for (int child = 1; child < heaped; child = 2 * at + 1) {
      if (child + 1 < heaped && order[child + 1] < order[child]) {
        child++;
      }
      if (order[child] >= key) {
        break;
      }
      order[at] = order[child];
      pairs[at] = pairs[child];
      at = child;
    }
    order[at] = key;
    pairs[at] = pair;
  }

  /// The first symbol that is left, or that after another one; [#end] behind the last.
  int first() {
    return 0;
  }

  int after(int index) {
    return next[index];
  }

  int end() {
    return count;
  }

  int symbol(int index) {
    return symbols[index];
  }

  /// Where a symbol that is left begins in the text.
  int start(int index) {
    return starts[index];
  }

  /// Where it ends.
  int endOf(int index) {
    return starts[next[index]];
  }
}
