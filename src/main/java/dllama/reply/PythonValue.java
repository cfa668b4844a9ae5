package dllama.reply;

/// A value as Python writes it, to JSON: texts in either kind of quotes, numbers, `True`, `False`,
/// `None`, lists and dictionaries. What comes of other things is no JSON, which whoever uses it
/// looks at.
final class PythonValue {
  private static final String ESCAPES = "nrtbf\\/\"";
  private static final int HEX = 2;
  private static final int MOST_DEPTH = 64;

  private final StringBuilder json = new StringBuilder();
  private final StringBuilder word = new StringBuilder();
  private int depth;

  /// What ends the text that this is in; 0 outside.
  private char quote;

  private boolean escaped;

  /// Digits of `\x` that are missing.
  private int hex;

  /// Whether a `,` or `)` would end it.
  boolean isOutermost() {
    return depth == 0 && quote == 0;
  }

  /// Takes a character; whether it may be.
  boolean accept(char c) {
    if (quote != 0) {
      text(c);
      return true;
    }
    if (Character.isLetter(c)) {
      word.append(c);
      return word.length() <= MOST_DEPTH;
    }
    endWord();
    switch (c) {
      case '"', '\'' -> {
        quote = c;
        json.append('"');
      }
      case '[', '{' -> {
        depth++;
        json.append(c);
      }
      case ']', '}' -> {
        depth--;
        json.append(c);
      }
      default -> json.append(c);
    }
    return depth >= 0 && depth <= MOST_DEPTH;
  }

  private void text(char c) {
    if (hex > 0) {
      hex--;
      json.append(c);
    } else if (escaped) {
      escaped = false;
      escape(c);
    } else if (c == '\\') {
      escaped = true;
    } else if (c == quote) {
      quote = 0;
      json.append('"');
    } else {
      json.append(JsonStrings.escaped(String.valueOf(c)));
    }
  }

  private void escape(char c) {
    if (c == 'u') {
      json.append("\\u");
    } else if (c == 'x') {
      json.append("\\u00");
      hex = HEX;
    } else if (c == '\'') {
      json.append(c);
    } else if (ESCAPES.indexOf(c) >= 0) {
      json.append('\\').append(c);
    } else {
      json.append("\\\\").append(JsonStrings.escaped(String.valueOf(c))); // as Python has it
    }
  }

  private void endWord() {
    String name = word.toString();
    word.setLength(0);
    json.append(
        switch (name) {
          case "True" -> "true";
          case "False" -> "false";
          case "None" -> "null";
          default -> name;
        });
  }

  /// All of it.
  String json() {
    endWord();
    return json.toString().strip();
  }
}
