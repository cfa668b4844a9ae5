package dllama.constraint;

/// How characters are written as bytes, as ways of an [Nfa].
final class CharacterBytes {
  /// The last code point that takes one byte in UTF-8, two, three, four.
  private static final int[] LAST = {0x7F, 0x7FF, 0xFFFF, Character.MAX_CODE_POINT};

  /// Characters that JSON escapes with a letter, and these letters.
  private static final String ESCAPED = "\"\\\b\f\n\r\t";

  private static final String LETTERS = "\"\\bfnrt";

  private CharacterBytes() {}

  /// Adds the ways from one state to another that any of the characters takes.
  ///
  /// @param json whether they stand in a string of JSON: those that must be escaped are
  static void edges(Nfa nfa, int from, int to, Characters of, boolean json) {
    Characters plain =
        json
            ? of.within(' ', '!', '#', '[', ']', 0xD7FF, 0xE000, Character.MAX_CODE_POINT)
            : of.within(0, 0xD7FF, 0xE000, Character.MAX_CODE_POINT);
    for (int[] range : plain.ranges()) {
      int low = range[0];
      for (int length = 1; length <= LAST.length; length++) {
        int high = Math.min(range[1], LAST[length - 1]);
        if (low <= high) {
          utf8(nfa, from, to, low, high, length - 1);
          low = high + 1;
        }
      }
    }
    if (json) {
      for (int c = 0; c < ' '; c++) {
        escape(nfa, from, to, of, c);
      }
      escape(nfa, from, to, of, '"');
      escape(nfa, from, to, of, '\\');
    }
  }

  /// Characters that have the same number of bytes.
  ///
  /// @param left bytes after the next one
  private static void utf8(Nfa nfa, int from, int to, int low, int high, int left) {
    if (left == 0) {
      nfa.edge(from, first(low, 0), first(high, 0), to);
      return;
    }
    sequences(nfa, from, to, low, high, left, true);
  }

  private static void sequences(
      Nfa nfa, int from, int to, int low, int high, int left, boolean begins) {
    int shift = 6 * left;
    int mask = (1 << shift) - 1;
    int lowByte = value(low, left, begins);
    int highByte = value(high, left, begins);
    if (left == 0) {
      nfa.edge(from, lowByte, highByte, to);
      return;
    }
    boolean wholeLow = (low & mask) == 0;
    boolean wholeHigh = (high & mask) == mask;
    if (low >>> shift == high >>> shift) {
      int next = nfa.state();
      nfa.edge(from, lowByte, lowByte, next);
      sequences(nfa, next, to, low, high, left - 1, false);
      return;
    }
    if (!wholeLow) {
      int next = nfa.state();
      nfa.edge(from, lowByte, lowByte, next);
      sequences(nfa, next, to, low, low | mask, left - 1, false);
      lowByte++;
    }
    if (!wholeHigh) {
      int next = nfa.state();
      nfa.edge(from, highByte, highByte, next);
      sequences(nfa, next, to, high & ~mask, high, left - 1, false);
      highByte--;
    }
    if (lowByte <= highByte) {
      int next = nfa.state();
      nfa.edge(from, lowByte, highByte, next);
      sequences(nfa, next, to, 0, mask, left - 1, false);
    }
  }

  /// A byte of a character, which `left` more follow.
  private static int value(int character, int left, boolean begins) {
    return begins ? first(character, left) : 0x80 | ((character >>> (6 * left)) & 0x3F);
  }

  private static int first(int character, int left) {
    int marks = left == 0 ? 0 : (0xFF00 >>> (left + 1)) & 0xFF;
    return marks | (character >>> (6 * left));
  }

  private static void escape(Nfa nfa, int from, int to, Characters of, int c) {
    if (!of.contains(c)) {
      return;
    }
    int letter = ESCAPED.indexOf(c);
    if (letter >= 0) {
      int next = nfa.state();
      nfa.edge(from, '\\', '\\', next);
      nfa.edge(next, LETTERS.charAt(letter), LETTERS.charAt(letter), to);
      return;
    }
    int at = from;
    for (char digit : "\\u%04x".formatted(c).toCharArray()) {
      int next = nfa.state();
      nfa.edge(at, digit, digit, next);
      if (digit >= 'a' && digit <= 'f') {
        nfa.edge(at, digit - 'a' + 'A', digit - 'a' + 'A', next);
      }
      at = next;
    }
    nfa.jump(at, to);
  }
}
