package dllama.tokenizer;

import java.util.Arrays;

/// A text as characters, with the classes that pre-tokenizers tell apart and the bytes of each.
///
/// A byte that is not part of a character becomes U+FFFD, as in llama.cpp; over-long forms and
/// surrogates count as the characters that they would be. What does so has its bytes rewritten.
final class CodePoints {
  static final int LETTER = 1;
  static final int NUMBER = 1 << 1;
  static final int MARK = 1 << 2;
  static final int PUNCTUATION = 1 << 3;
  static final int SYMBOL = 1 << 4;
  static final int SPACE = 1 << 5;

  /// CR and LF, which are spaces, too.
  static final int BREAK = 1 << 6;

  /// A letter that only begins words where words are split at capitals.
  static final int CAPITAL = 1 << 7;

  /// A letter that never begins the part of a word before a small one.
  static final int SMALL = 1 << 8;

  private static final int REPLACEMENT = 0xFFFD;

  private static final short[] LATIN = new short[0x100];

  static {
    for (int i = 0; i < LATIN.length; i++) {
      LATIN[i] = (short) compute(i);
    }
  }

  private final byte[] utf8;
  private final int[] codePoints;
  private final short[] classes;

  /// Where each character begins in the bytes, and where the last one ends.
  private final int[] starts;

  private final int size;

  private CodePoints(byte[] utf8, int[] codePoints, int[] starts, int size) {
    this.utf8 = utf8;
    this.codePoints = codePoints;
    this.starts = starts;
    this.size = size;
    this.classes = new short[size];
    for (int i = 0; i < size; i++) {
      int codePoint = codePoints[i];
      classes[i] = codePoint < LATIN.length ? LATIN[codePoint] : (short) compute(codePoint);
    }
  }

  /// The characters of `text[from, to)`.
  static CodePoints of(byte[] text, int from, int to) {
    byte[] utf8 = Arrays.copyOfRange(text, from, to);
    int[] codePoints = new int[utf8.length];
    int size = 0;
    boolean rewrite = false;
    for (int at = 0; at < utf8.length; size++) {
      int length = length(utf8, at);
      int codePoint = length == 0 ? REPLACEMENT : decode(utf8, at, length);
      codePoints[size] = codePoint;
      rewrite |= length != encodedLength(codePoint);
      at += Math.max(1, length);
    }
    int[] starts = new int[size + 1];
    for (int i = 0; i < size; i++) {
      starts[i + 1] = starts[i] + encodedLength(codePoints[i]);
    }
    return new CodePoints(
        rewrite ? encode(codePoints, size, starts[size]) : utf8, codePoints, starts, size);
  }

  /// Bytes of the character that begins here, 0 if none does.
  private static int length(byte[] text, int at) {
    int first = text[at] & 0xFF;
    int length = first < 0x80 ? 1 : first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (first >= 0xF8 || at + length > text.length) {
      return 0;
    }
    for (int i = 1; i < length; i++) {
      if ((text[at + i] & 0xC0) != 0x80) {
        return 0;
      }
    }
    return length == 4 && decode(text, at, 4) > Character.MAX_CODE_POINT ? 0 : length;
  }

  private static int decode(byte[] text, int at, int length) {
    if (length == 1) {
      return text[at];
    }
    int codePoint = text[at] & 0x7F >> length;
    for (int i = 1; i < length; i++) {
      codePoint = (codePoint << 6) | (text[at + i] & 0x3F);
    }
    return codePoint;
  }

  private static int encodedLength(int codePoint) {
    return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  }

  /// Not Java's own encoder, because a surrogate has three bytes here.
  private static byte[] encode(int[] codePoints, int size, int length) {
    byte[] utf8 = new byte[length];
    int at = 0;
    for (int i = 0; i < size; i++) {
      int codePoint = codePoints[i];
      int bytes = encodedLength(codePoint);
      for (int j = bytes - 1; j > 0; j--) {
        utf8[at + j] = (byte) (0x80 | (codePoint & 0x3F));
        codePoint >>= 6;
      }
      utf8[at] = (byte) (bytes == 1 ? codePoint : ((0xF00 >> bytes) & 0xF0) | codePoint);
      at += bytes;
    }
    return utf8;
  }

  private static int compute(int codePoint) {
    boolean space =
        (codePoint >= '\t' && codePoint <= '\r')
            || codePoint == 0x85
            || Character.isSpaceChar(codePoint);
    int classes = space ? SPACE : 0;
    if (codePoint == '\r' || codePoint == '\n') {
      classes |= BREAK;
    }
    return classes
        | switch (Character.getType(codePoint)) {
          case Character.UPPERCASE_LETTER, Character.TITLECASE_LETTER -> LETTER | CAPITAL;
          case Character.LOWERCASE_LETTER -> LETTER | SMALL;
          case Character.MODIFIER_LETTER, Character.OTHER_LETTER -> LETTER;
          case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
              NUMBER;
          case Character.NON_SPACING_MARK,
              Character.ENCLOSING_MARK,
              Character.COMBINING_SPACING_MARK ->
              MARK;
          case Character.DASH_PUNCTUATION,
              Character.START_PUNCTUATION,
              Character.END_PUNCTUATION,
              Character.CONNECTOR_PUNCTUATION,
              Character.OTHER_PUNCTUATION,
              Character.INITIAL_QUOTE_PUNCTUATION,
              Character.FINAL_QUOTE_PUNCTUATION ->
              PUNCTUATION;
          case Character.MATH_SYMBOL,
              Character.CURRENCY_SYMBOL,
              Character.MODIFIER_SYMBOL,
              Character.OTHER_SYMBOL ->
              SYMBOL;
          default -> 0;
        };
  }

  int size() {
    return size;
  }

  int codePoint(int index) {
    return codePoints[index];
  }

  /// Whether a character is of any of some classes.
  boolean is(int index, int any) {
    return (classes[index] & any) != 0;
  }

  /// Whether a character is this one; there may be none at `index` if it is not below `limit`.
  boolean is(int index, int limit, char expected) {
    return index < limit && codePoints[index] == expected;
  }

  /// The bytes of the text.
  byte[] utf8() {
    return utf8;
  }

  /// Where a character begins in the bytes; that of the end is where they end.
  int start(int index) {
    return starts[index];
  }
}
