package dllama.tokenizer;

/// What a token of a vocabulary is for.
public enum TokenKind {
  /// A run of text.
  NORMAL,

  /// Stands for text that the vocabulary has no tokens for; prints nothing.
  UNKNOWN,

  /// Structure, such as the end of a message: no text is encoded to it, and it prints nothing.
  CONTROL,

  /// Text that always is this one token, wherever it stands.
  USER_DEFINED,

  /// Not to be met; prints nothing.
  UNUSED,

  /// A single byte, for characters without a token.
  BYTE;

  /// Whether text of a person may become this token.
  boolean ofText() {
    return this == NORMAL || this == USER_DEFINED || this == UNUSED;
  }

  /// Whether it shows nothing.
  public boolean silent() {
    return this == UNKNOWN || this == CONTROL || this == UNUSED;
  }
}
