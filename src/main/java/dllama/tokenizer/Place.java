package dllama.tokenizer;

/// What stands in front of a text that is to be encoded.
enum Place {
  /// Nothing.
  START,
  /// A special token.
  AFTER_TOKEN,
  /// More of the same text.
  WITHIN
}
