package dllama.template;

/// A piece of a template.
///
/// @param text as it counts: of a string its value
/// @param line from 1
record Token(Kind kind, String text, int line) {
  enum Kind {
    TEXT,
    PRINT,
    PRINT_END,
    BLOCK,
    BLOCK_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean is(Kind wanted, String value) {
    return kind == wanted && text.equals(value);
  }

  /// For messages.
  String shown() {
    return switch (kind) {
      case TEXT -> "text";
      case STRING -> "a string";
      case PRINT -> "'{{'";
      case BLOCK -> "'{%'";
      case PRINT_END, BLOCK_END, END -> text;
      default -> "'" + text + "'";
    };
  }
}
