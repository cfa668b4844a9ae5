package dllama.reply;

/// Texts in JSON.
final class JsonStrings {
  private JsonStrings() {}

  static String quoted(String text) {
    return '"' + escaped(text) + '"';
  }

  static String escaped(String text) {
    StringBuilder escaped = new StringBuilder(text.length() + 8);
    for (int i = 0; i < text.length(); i++) {
      escape(text.charAt(i), escaped);
    }
    return escaped.toString();
  }

  private static void escape(char c, StringBuilder to) {
    switch (c) {
      case '"', '\\' -> to.append('\\').append(c);
      default -> {
        if (c < 0x20) {
          to.append(control(c));
        } else {
          to.append(c);
        }
      }
    }
  }

  /// A control character, which a text in JSON may not hold as it is.
  static String control(char c) {
    return switch (c) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default -> "\\u%04x".formatted((int) c);
    };
  }
}
