package dllama.step;

import dllama.logits.LogitsWanted;

/// Successive tokens of one sequence in a step.
///
/// @param pages of the sequence's keys and values, in order, for all positions up to these tokens
/// @param position slot of the first token, from 0
/// @param tokens ids, at least one, and as many as logits are wanted of; not changed afterwards
/// @param wanted of the logits of the last tokens
public record Run(int[] pages, int position, int[] tokens, LogitsWanted wanted) {
  public Run {
    if (tokens.length == 0 || position < 0 || wanted.rows() > tokens.length) {
      throw new IllegalArgumentException(
          "tokens=%d position=%d wanted=%s".formatted(tokens.length, position, wanted));
    }
  }
}
