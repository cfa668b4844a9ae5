package dllama.cli;

/// What models write is shown on terminals, which obey control characters.
final class Text {
  private Text() {}

  /// The text without control characters other than line ends and tabs.
  static String printable(String text) {
    StringBuilder kept = new StringBuilder(text.length());
    text.codePoints()
        .filter(c -> c == '\n' || c == '\t' || !Character.isISOControl(c))
        .forEach(kept::appendCodePoint);
    return kept.toString();
  }
}
