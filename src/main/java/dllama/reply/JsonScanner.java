package dllama.reply;

import java.util.BitSet;

/// Checks, one character after the other, that a text is one JSON value. Nothing is kept but what
/// is open, at most [#MOST_DEPTH] lists and objects.
final class JsonScanner {
  enum Progress {
    MORE,
    /// The character ended the value.
    DONE,
    /// The value, a number, had ended before the character.
    DONE_BEFORE,
    BROKEN
  }

  private enum State {
    VALUE,
    VALUE_OR_END,
    KEY,
    KEY_OR_END,
    COLON,
    COMMA_OR_END,
    STRING,
    ESCAPE,
    HEX,
    WORD,
    MINUS,
    ZERO,
    DIGITS,
    POINT,
    FRACTION,
    EXPONENT,
    EXPONENT_SIGN,
    EXPONENT_DIGITS
  }

  private static final int MOST_DEPTH = 256;

  private State state = State.VALUE;
  private final BitSet objects = new BitSet();
  private int depth;
  private boolean key;
  private int digits;
  private String word = "";
  private int inWord;

  /// A scanner that is within a text.
  static JsonScanner inside() {
    JsonScanner scanner = new JsonScanner();
    scanner.state = State.STRING;
    return scanner;
  }

  /// Whether the next character is one of a text.
  boolean inText() {
    return state == State.STRING;
  }

  /// Whether a whole text is one value, with nothing but white space around it.
  static boolean isValue(String text) {
    JsonScanner scanner = new JsonScanner();
    String stripped = text.strip();
    for (int i = 0; i < stripped.length(); i++) {
      Progress progress = scanner.accept(stripped.charAt(i));
      if (progress != Progress.MORE) {
        return progress == Progress.DONE && i == stripped.length() - 1;
      }
    }
    return scanner.mayEnd();
  }

  Progress accept(char c) {
    return switch (state) {
      case STRING -> string(c);
      case ESCAPE -> escape(c);
      case HEX -> hex(c);
      case WORD -> word(c);
      case MINUS, ZERO, DIGITS, POINT, FRACTION, EXPONENT, EXPONENT_SIGN, EXPONENT_DIGITS ->
          number(c);
      default -> Window.isBlank(c) ? Progress.MORE : structure(c);
    };
  }

  private Progress structure(char c) {
    return switch (state) {
      case VALUE -> value(c);
      case VALUE_OR_END -> c == ']' ? close() : value(c);
      case KEY_OR_END -> c == '}' ? close() : key(c);
      case KEY -> key(c);
      case COLON -> c == ':' ? go(State.VALUE) : Progress.BROKEN;
      default -> commaOrEnd(c);
    };
  }

  private Progress go(State next) {
    state = next;
    return Progress.MORE;
  }

  private Progress value(char c) {
    return switch (c) {
      case '{' -> open(true);
      case '[' -> open(false);
      case '"' -> {
        key = false;
        yield go(State.STRING);
      }
      case 't' -> begin("true");
      case 'f' -> begin("false");
      case 'n' -> begin("null");
      case '-' -> go(State.MINUS);
      case '0' -> go(State.ZERO);
      default -> isDigit(c) ? go(State.DIGITS) : Progress.BROKEN;
    };
  }

  private Progress open(boolean object) {
    if (depth == MOST_DEPTH) {
      return Progress.BROKEN;
    }
    objects.set(depth++, object);
    return go(object ? State.KEY_OR_END : State.VALUE_OR_END);
  }

  private Progress close() {
    depth--;
    return ended();
  }

  private Progress ended() {
    state = State.COMMA_OR_END;
    return depth == 0 ? Progress.DONE : Progress.MORE;
  }

  private Progress key(char c) {
    key = true;
    return c == '"' ? go(State.STRING) : Progress.BROKEN;
  }

  private Progress commaOrEnd(char c) {
    boolean object = depth > 0 && objects.get(depth - 1);
    if (c == (object ? '}' : ']')) {
      return close();
    }
    return c == ',' ? go(object ? State.KEY : State.VALUE) : Progress.BROKEN;
  }

  private Progress string(char c) {
    if (c == '"') {
      return key ? go(State.COLON) : ended();
    }
    return c == '\\' ? go(State.ESCAPE) : c < 0x20 ? Progress.BROKEN : Progress.MORE;
  }

  private Progress escape(char c) {
    digits = 0;
    return c == 'u'
        ? go(State.HEX)
        : "\"\\/bfnrt".indexOf(c) >= 0 ? go(State.STRING) : Progress.BROKEN;
  }

  private Progress hex(char c) {
    if (c > 'f' || Character.digit(c, 16) < 0) {
      return Progress.BROKEN;
    }
    return ++digits == 4 ? go(State.STRING) : Progress.MORE;
  }

  private Progress begin(String expected) {
    word = expected;
    inWord = 1;
    return go(State.WORD);
  }

  private Progress word(char c) {
    if (word.charAt(inWord) != c) {
      return Progress.BROKEN;
    }
    return ++inWord == word.length() ? ended() : Progress.MORE;
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private Progress number(char c) {
    boolean e = c == 'e' || c == 'E';
    boolean digit = isDigit(c);
    return switch (state) {
      case MINUS -> digit ? go(c == '0' ? State.ZERO : State.DIGITS) : Progress.BROKEN;
      case POINT -> digit ? go(State.FRACTION) : Progress.BROKEN;
      case EXPONENT ->
          digit
              ? go(State.EXPONENT_DIGITS)
              : c == '+' || c == '-' ? go(State.EXPONENT_SIGN) : Progress.BROKEN;
      case EXPONENT_SIGN -> digit ? go(State.EXPONENT_DIGITS) : Progress.BROKEN;
      case ZERO -> c == '.' ? go(State.POINT) : e ? go(State.EXPONENT) : afterNumber(c);
      case DIGITS ->
          digit
              ? Progress.MORE
              : c == '.' ? go(State.POINT) : e ? go(State.EXPONENT) : afterNumber(c);
      case FRACTION -> digit ? Progress.MORE : e ? go(State.EXPONENT) : afterNumber(c);
      default -> digit ? Progress.MORE : afterNumber(c);
    };
  }

  private Progress afterNumber(char c) {
    if (ended() == Progress.DONE) {
      return Progress.DONE_BEFORE;
    }
    return Window.isBlank(c) ? Progress.MORE : structure(c);
  }

  /// Whether the text so far is a number, which only what follows could end.
  private boolean mayEnd() {
    return depth == 0
        && (state == State.ZERO
            || state == State.DIGITS
            || state == State.FRACTION
            || state == State.EXPONENT_DIGITS);
  }
}
