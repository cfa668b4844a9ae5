package dllama.model;

import org.jspecify.annotations.Nullable;

/// The input of one step: consecutive tokens of one sequence.
///
/// @param tokens ids, at least one
/// @param position slot of the first token, from 0
/// @param logits whether the logits of the last token are computed
/// @param chooser chooses the next token by these logits; null if the caller does something else
///     with them
public record Batch(int[] tokens, int position, boolean logits, @Nullable TokenChooser chooser) {
  public Batch(int[] tokens, int position, boolean logits) {
    this(tokens, position, logits, null);
  }

  /// A batch after which the next token is chosen.
  public static Batch choosing(int[] tokens, int position, TokenChooser chooser) {
    return new Batch(tokens, position, true, chooser);
  }
}
