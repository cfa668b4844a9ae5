package dllama.tokenizer;

import java.util.Arrays;

/// Finds the token of a run of bytes: open addressing over the pieces of a range of ids, without a
/// copy of the bytes. Of equal pieces the lowest id wins; empty pieces are left out.
final class PieceTable {
  private static final int ABSENT = -1;

  private final byte[][] pieces;
  private final int[] slots;
  private final int mask;
  private final boolean[] firstBytes = new boolean[256];
  private final int longest;

  PieceTable(byte[][] pieces, int firstId, int endId) {
    this.pieces = pieces;
    // At most half full, so that a search ends soon.
    int capacity = Integer.highestOneBit(Math.max(1, endId - firstId)) << 2;
    this.slots = new int[capacity];
    this.mask = capacity - 1;
    Arrays.fill(slots, ABSENT);
    int max = 0;
    for (int id = firstId; id < endId; id++) {
      byte[] piece = pieces[id];
      if (piece.length > 0) {
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
    return prefix(text, from, true);
  }

  /// The piece with the lowest id that `text` continues with at `from`, or −1.
  int lowestPrefix(byte[] text, int from) {
    return prefix(text, from, false);
  }

  private int prefix(byte[] text, int from, boolean first) {
    if (!firstBytes[text[from] & 0xFF]) {
      return ABSENT;
    }
    int end = Math.min(text.length - from, longest) + from;
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
