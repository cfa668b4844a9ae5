package dllama.tokenizer;

import java.util.Arrays;
import java.util.BitSet;
import java.util.function.IntConsumer;

/// Finds the names of special tokens in a text: longer ones before shorter ones, of equally long
/// ones the leftmost first, as llama.cpp does by looking for one token after the other. Immutable.
final class SpecialTokens {
  /// Takes a text that was cut.
  interface Target {
    void text(int from, int to);

    void token(int id);
  }

  private final byte[][] names;

  /// Those that are found wherever they stand.
  private final PieceTable everywhere;

  /// Those that are found in trusted bytes only.
  private final PieceTable trustedOnly;

  private final int longest;

  /// @param names by token id
  SpecialTokens(byte[][] names, TokenKind[] kinds) {
    this.names = names;
    everywhere = new PieceTable(names, id -> kinds[id] == TokenKind.USER_DEFINED);
    trustedOnly =
        new PieceTable(
            names, id -> kinds[id] == TokenKind.CONTROL || kinds[id] == TokenKind.UNKNOWN);
    longest = Math.max(everywhere.longest(), trustedOnly.longest());
  }

  /// Cuts a text.
  ///
  /// @param trusted the bytes in which names of control tokens stand for these tokens
  void cut(byte[] text, BitSet trusted, Target target) {
    int from = 0;
    for (long match : matches(text, trusted)) {
      int at = (int) (match >>> 32);
      int id = (int) match;
      if (at > from) {
        target.text(from, at);
      }
      target.token(id);
      from = at + names[id].length;
    }
    if (from < text.length) {
      target.text(from, text.length);
    }
  }

  /// Place and token of each that is found, in order: `place << 32 | token`.
  private long[] matches(byte[] text, BitSet trusted) {
    IntList[] byLength = new IntList[longest + 1];
    for (int at = 0; at < text.length; at++) {
      add(byLength, at, longest(text, trusted, at, text.length));
    }
    BitSet taken = new BitSet();
    IntList found = new IntList();
    for (int length = longest; length > 0; length--) {
      int end = length;
      forEachSorted(
          byLength[length],
          at -> {
            int next = taken.nextSetBit(at);
            if (next < 0 || next >= at + end) {
              taken.set(at, at + end);
              found.add(at);
              found.add(longest(text, trusted, at, at + end));
            } else if (next > at) {
              add(byLength, at, longest(text, trusted, at, next));
            }
          });
    }
    long[] matches = new long[found.size() / 2];
    for (int i = 0; i < matches.length; i++) {
      matches[i] = (long) found.get(2 * i) << 32 | found.get(2 * i + 1);
    }
    Arrays.sort(matches);
    return matches;
  }

  private void add(IntList[] byLength, int at, int id) {
    if (id >= 0) {
      int length = names[id].length;
      if (byLength[length] == null) {
        byLength[length] = new IntList();
      }
      byLength[length].add(at);
    }
  }

  private static void forEachSorted(IntList places, IntConsumer action) {
    if (places != null) {
      int[] sorted = places.toArray();
      Arrays.sort(sorted);
      Arrays.stream(sorted).forEach(action);
    }
  }

  /// The longest token whose name stands at a place and ends before a limit, or −1.
  private int longest(byte[] text, BitSet trusted, int at, int limit) {
    int id = everywhere.longestPrefix(text, at, limit);
    if (!trustedOnly.begins(text[at]) || !trusted.get(at)) {
      return id;
    }
    int end = Math.min(limit, at + trustedOnly.longest());
    int to = at;
    while (to < end && trusted.get(to)) {
      to++;
    }
    int control = trustedOnly.longestPrefix(text, at, to);
    return control >= 0 && (id < 0 || names[control].length > names[id].length) ? control : id;
  }
}
