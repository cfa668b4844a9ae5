package dllama.tokenizer;

/// A step of splitting, as `tokenizer.json` names it. Steps follow each other, each splits the
/// pieces of the one before.
public sealed interface SplitStep {
  /// What a regular expression finds is a piece, and so is what is between.
  record Pattern(String regex) implements SplitStep {}

  /// GPT-2's expression.
  record Words() implements SplitStep {}

  /// Numbers are pieces.
  ///
  /// @param single whether every digit is one
  record Digits(boolean single) implements SplitStep {}

  /// Punctuation is.
  ///
  /// @param single whether every mark is one, or a run of them
  record Punctuation(boolean single) implements SplitStep {}

  /// Every `▁` begins a piece.
  record Marks() implements SplitStep {}
}
