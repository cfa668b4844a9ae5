package dllama.tokenizer;

import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// Finds the token of a run of bytes: open addressing over some of the pieces, without a copy of
/// the bytes. Of equal pieces the lowest id wins; empty pieces are left out.
final class PieceTable {
  private static final int ABSENT = -1;

  private final byte[][] pieces;
  private final int[] slots;
  private final int mask;
  private final boolean[] firstBytes = new boolean[256];
  private final int longest;

  /// @param in whether a token is in the table, by its id
  PieceTable(byte[][] pieces, IntPredicate in) {
    this.pieces = pieces;
    // At most half full, so that a search ends soon.
    int size = (int) IntStream.range(0, pieces.length).filter(in).count();
    int capacity = Integer.highestOneBit(Math.max(1, size)) << 2;
    this.slots = new int[capacity];
    this.mask = capacity - 1;
    Arrays.fill(slots, ABSENT);
    int max = 0;
    for (int id = 0; id < pieces.length; id++) {
      byte[] piece = pieces[id];
      if (piece.length > 0 && in.test(id)) {
        insert(id, piece);
        firstBytes[piece[0] & 0xFF] = true;
        max = Math.max(max, piece.length);
      }
    }
    this.longest = max;
  }

  private void insert(int id, byte[] piece) {
    int slot = slot(hash(piece, 0, piece.length));
    while (slots[slot] != ABSENT) {
      if (Arrays.equals(pieces[slots[slot]], piece)) {
        return;
      }
      slot = (slot + 1) & mask;
    }
    slots[slot] = id;
  }

  /// The token of `text[from, to)`, or −1.
  int find(byte[] text, int from, int to) {
    return to - from > longest ? ABSENT : find(text, from, to, hash(text, from, to));
  }

  private int find(byte[] text, int from, int to, int hash) {
    int slot = slot(hash);
    while (slots[slot] != ABSENT) {
      byte[] piece = pieces[slots[slot]];
      if (Arrays.equals(piece, 0, piece.length, text, from, to)) {
        return slots[slot];
      }
      slot = (slot + 1) & mask;
    }
    return ABSENT;
  }

  /// The shortest piece that `text` continues with at `from`, or −1.
  int shortestPrefix(byte[] text, int from) {
    return prefix(text, from, text.length, true);
  }

  /// The piece with the lowest id that `text[from, to)` begins with, or −1.
  int lowestPrefix(byte[] text, int from, int to) {
    return prefix(text, from, to, false);
  }

  private int prefix(byte[] text, int from, int limit, boolean first) {
    if (from >= limit || !firstBytes[text[from] & 0xFF]) {
      return ABSENT;
    }
    int end = Math.min(limit - from, longest) + from;
    int lowest = ABSENT;
    int hash = 0;
    for (int to = from + 1; to <= end; to++) {
      hash = next(hash, text[to - 1]);
      int id = find(text, from, to, hash);
      if (id >= 0 && (lowest < 0 || id < lowest)) {
        lowest = id;
        if (first) {
          break;
        }
      }
    }
    return lowest;
  }

  /// The longest piece that `text[from, to)` begins with, or −1.
  int longestPrefix(byte[] text, int from, int to) {
    if (from >= to || !begins(text[from])) {
      return ABSENT;
    }
    int end = Math.min(to - from, longest) + from;
    int found = ABSENT;
    int hash = 0;
    for (int at = from; at < end; at++) {
      hash = next(hash, text[at]);
      int id = find(text, from, at + 1, hash);
      found = id >= 0 ? id : found;
    }
    return found;
  }

  /// Whether any piece begins with a byte.
  boolean begins(byte first) {
    return firstBytes[first & 0xFF];
  }

  /// Bytes of the longest piece.
  int longest() {
    return longest;
  }

  private static int hash(byte[] bytes, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = next(hash, bytes[i]);
    }
    return hash;
  }

  private static int next(int hash, byte value) {
    return (hash ^ (value & 0xFF)) * 0x01000193;
  }

  private int slot(int hash) {
    return (hash ^ hash >>> 15) & mask;
  }
}
