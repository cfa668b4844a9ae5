package dllama.template;

/// White space, as Python's `str.isspace` has it.
final class Blanks {
  private Blanks() {}

  static boolean is(int c) {
    return c == ' '
        || (c >= '\t' && c <= '\r')
        || (c >= 0x1C && c <= 0x1F)
        || c == 0x85
        || c == 0xA0
        || (c >= 0x1680 && isWide(c));
  }

  private static boolean isWide(int c) {
    return c == 0x1680
        || (c >= 0x2000 && c <= 0x200A)
        || c == 0x2028
        || c == 0x2029
        || c == 0x202F
        || c == 0x205F
        || c == 0x3000;
  }

  /// The first place from `at` on that is none, or the end.
  static int skip(String text, int at) {
    int end = Math.min(at, text.length());
    while (end < text.length() && is(text.charAt(end))) {
      end++;
    }
    return end;
  }

  static boolean only(String text, int from) {
    return skip(text, from) == text.length();
  }

  static String stripEnd(String text) {
    int end = text.length();
    while (end > 0 && is(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  static String strip(String text) {
    String begun = text.substring(skip(text, 0));
    return stripEnd(begun);
  }
}
