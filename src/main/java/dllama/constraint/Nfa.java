package dllama.constraint;

import dllama.error.UserException;
import java.util.Arrays;

/// Places in a text with ways between them, of which several may take the same byte. Made of a
/// pattern, to make a [Dfa] of it. State 0 is where it starts.
final class Nfa {
  /// In place of the first byte of a range: what a way takes that takes none.
  static final int NOTHING = -1;

  /// Takes none, and is there at the beginning of the text only.
  static final int AT_START = -2;

  /// Takes none, and no byte may follow.
  static final int AT_END = -3;

  private static final int MOST_STATES = 50_000;

  private int states = 1;
  private int edges;

  /// By state: its latest edge; −1: none.
  private int[] latest = {-1};

  /// By edge.
  private int[] low = new int[16];

  private int[] high = new int[16];
  private int[] target = new int[16];
  private int[] before = new int[16];

  /// @throws UserException where there are too many
  int state() {
    if (states == MOST_STATES) {
      throw new UserException("it is too large; use shorter repetitions in it");
    }
    if (states == latest.length) {
      latest = Arrays.copyOf(latest, 2 * states);
    }
    latest[states] = -1;
    return states++;
  }

  void edge(int from, int low, int high, int to) {
    if (edges == target.length) {
      this.low = Arrays.copyOf(this.low, 2 * edges);
      this.high = Arrays.copyOf(this.high, 2 * edges);
      target = Arrays.copyOf(target, 2 * edges);
      before = Arrays.copyOf(before, 2 * edges);
    }
    this.low[edges] = low;
    this.high[edges] = high;
    target[edges] = to;
    before[edges] = latest[from];
    latest[from] = edges++;
  }

  /// An edge without a byte.
  void jump(int from, int to) {
    edge(from, NOTHING, NOTHING, to);
  }

  int states() {
    return states;
  }

  /// The latest edge of a state, or −1.
  int edgeOf(int state) {
    return latest[state];
  }

  /// The one before an edge of the same state, or −1.
  int edgeBefore(int edge) {
    return before[edge];
  }

  int low(int edge) {
    return low[edge];
  }

  int high(int edge) {
    return high[edge];
  }

  int target(int edge) {
    return target[edge];
  }
}
