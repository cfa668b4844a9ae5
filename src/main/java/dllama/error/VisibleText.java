package dllama.error;

/// Text of strangers, made fit to be shown: what models write, what files contain and what peers
/// say reaches terminals and logs, which obey control characters. These become visible, `\u001b`
/// in place of the character, so nothing is lost and nothing is obeyed.
///
/// Not for output that is no terminal's: there bytes stay as they are.
public final class VisibleText {
  private VisibleText() {}

  /// The text with its line ends and tabs; every other control character is visible.
  public static String of(String text) {
    return visible(text, false);
  }

  /// The text as one line of at most `max` characters, the last one `…` where more were left out.
  /// Line ends are visible, too.
  public static String line(String text, int max) {
    // What is cut off anyway need not be looked at; a character has two chars at most.
    String shown = visible(text.substring(0, Math.min(text.length(), 2 * max + 2)), true);
    int length = shown.codePointCount(0, shown.length());
    return length <= max ? shown : shown.substring(0, shown.offsetByCodePoints(0, max - 1)) + "…";
  }

  private static String visible(String text, boolean oneLine) {
    int at = 0;
    while (at < text.length() && plain(text.charAt(at), oneLine)) {
      at++;
    }
    if (at == text.length()) {
      return text;
    }
    StringBuilder shown = new StringBuilder(text.length() + 16).append(text, 0, at);
    while (at < text.length()) {
      int c = text.codePointAt(at);
      if (c == '\r' && !oneLine && at + 1 < text.length() && text.charAt(at + 1) == '\n') {
        at++; // a line end of another system
        continue;
      }
      append(shown, c, oneLine);
      at += Character.charCount(c);
    }
    return shown.toString();
  }

  /// Whether it stays as it is; of characters outside the basic plane the halves do not tell.
  private static boolean plain(char c, boolean oneLine) {
    return !Character.isSurrogate(c) && !obeyed(c, oneLine);
  }

  private static void append(StringBuilder shown, int c, boolean oneLine) {
    switch (obeyed(c, oneLine) ? c : -1) {
      case -1 -> shown.appendCodePoint(c);
      case '\n' -> shown.append("\\n");
      case '\t' -> shown.append("\\t");
      default -> shown.append("\\u%04x".formatted(c));
    }
  }

  /// Whether terminals, or programs that show lines, do something else with it than to draw it.
  private static boolean obeyed(int c, boolean oneLine) {
    if (c == '\n' || c == '\t') {
      return oneLine;
    }
    return Character.isISOControl(c)
        || turnsDirection(c)
        || c == '\u2028'
        || c == '\u2029'
        || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE); // alone: no character
  }

  /// Marks, embeddings, overrides and isolates of text that runs from right to left: they show
  /// characters in another order than that in which they stand.
  private static boolean turnsDirection(int c) {
    return c == 0x061C
        || c == 0x200E
        || c == 0x200F
        || (c >= 0x202A && c <= 0x202E)
        || (c >= 0x2066 && c <= 0x2069);
  }
}
