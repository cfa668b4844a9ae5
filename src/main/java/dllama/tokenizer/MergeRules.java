package dllama.tokenizer;

import dllama.error.UserException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// The merges of a byte-pair vocabulary: which two symbols become which, the first of the list
/// before all others. Symbols are token ids and, behind them, texts that only occur in merges.
/// Filled once, then immutable.
public final class MergeRules implements Merger.Pairs {
  /// Texts that are no tokens: a vocabulary has none, a damaged one few.
  private static final int MOST_OTHERS = 1 << 14;

  private static final long EMPTY = -1;

  private final PieceTable tokens;
  private final int size;
  private final Map<String, Integer> others = new HashMap<>();

  private final long[] pairs;

  /// Rank and symbol by slot, as the merger wants them.
  private final long[] results;

  private final int mask;
  private int count;

  /// @param names of tokens, as merges spell them; no text is merged to a control token
  /// @param merges how many there will be
  public MergeRules(byte[][] names, TokenKind[] kinds, int merges) {
    this.tokens = new PieceTable(names, id -> kinds[id].ofText() || kinds[id] == TokenKind.BYTE);
    this.size = names.length;
    int capacity = Integer.highestOneBit(Math.max(1, merges)) << 2;
    this.pairs = new long[capacity];
    Arrays.fill(pairs, EMPTY);
    this.results = new long[capacity];
    this.mask = capacity - 1;
  }

  /// Adds the next merge.
  ///
  /// @param merge two texts with a space between
  /// @throws UserException if the list does not belong to the vocabulary
  public void add(byte[] merge) {
    int space = 1;
    while (space < merge.length && merge[space] != ' ') {
      space++;
    }
    if (space >= merge.length - 1) {
      count++;
      return;
    }
    byte[] both = new byte[merge.length - 1];
    System.arraycopy(merge, 0, both, 0, space);
    System.arraycopy(merge, space + 1, both, space, both.length - space);
    add(both, space);
  }

  /// The same.
  ///
  /// @param both the two texts, one after the other
  /// @param cut where the second one begins
  public void add(byte[] both, int cut) {
    int rank = count++;
    long pair = pair(symbol(both, 0, cut), symbol(both, cut, both.length));
    int slot = slot(pair);
    if (pairs[slot] == EMPTY) {
      pairs[slot] = pair;
      results[slot] = (long) rank << 32 | symbol(both, 0, both.length);
    }
  }

  /// The symbol of a text; one is made if there is none.
  int symbol(byte[] text, int from, int to) {
    int id = tokens.find(text, from, to);
    if (id >= 0) {
      return id;
    }
    String key = new String(text, from, to - from, StandardCharsets.ISO_8859_1);
    Integer other = others.get(key);
    if (other != null) {
      return size + other;
    }
    if (others.size() == MOST_OTHERS) {
      throw new UserException(
          "the merges of the tokenizer do not belong to its tokens; convert the model again");
    }
    others.put(key, others.size());
    return size + others.size() - 1;
  }

  /// The symbol of a text, −1 if there is none.
  int find(byte[] text, int from, int to) {
    int id = tokens.find(text, from, to);
    if (id >= 0 || others.isEmpty()) {
      return id;
    }
    Integer other = others.get(new String(text, from, to - from, StandardCharsets.ISO_8859_1));
    return other == null ? -1 : size + other;
  }

  @Override
  public long of(int left, int right, int start, int end) {
    if (left < 0 || right < 0) {
      return Merger.NONE;
    }
    long pair = pair(left, right);
    int slot = slot(pair);
    return pairs[slot] == EMPTY ? Merger.NONE : results[slot];
  }

  private static long pair(int left, int right) {
    return (long) left << 32 | right;
  }

  private int slot(long pair) {
    long hash = pair * 0x9E3779B97F4A7C15L;
    int slot = (int) (hash >>> 40) & mask;
    while (pairs[slot] != EMPTY && pairs[slot] != pair) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}
