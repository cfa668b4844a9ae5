package dllama.reply;

/// Decodes a JSON text, from behind its first quote on.
final class TextDecoder {
  /// Results beside a decoded character.
  static final int NOTHING_YET = -1;

  static final int END = -2;
  static final int BROKEN = -3;

  private boolean escaped;

  /// Digits of `\\u` that are to come.
  private int digits;

  private int code;

  int accept(char c) {
    if (digits > 0) {
      int digit = c > 'f' ? -1 : Character.digit(c, 16);
      code = code << 4 | digit;
      return digit < 0 ? BROKEN : --digits == 0 ? code : NOTHING_YET;
    }
    if (!escaped) {
      escaped = c == '\\';
      return escaped ? NOTHING_YET : c == '"' ? END : c;
    }
    escaped = false;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        digits = 4;
        code = 0;
        yield NOTHING_YET;
      }
      default -> BROKEN;
    };
  }
}
