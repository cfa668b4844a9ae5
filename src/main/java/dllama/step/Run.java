package dllama.step;

import dllama.logits.Adjustments;
import dllama.logits.LogitsWanted;

/// Successive tokens of one sequence in a step.
///
/// @param pages of the sequence's keys and values, in order, for all positions up to these tokens
/// @param windows places of the last of these pages' keys and values in layers that see the latest
///     positions only, from the first position on that the first token sees there; none where no
///     layer is like that
/// @param position slot of the first token, from 0
/// @param tokens ids, at least one, and as many as anything is wanted of; not changed afterwards
/// @param wanted of the logits of the last tokens
/// @param state of models that have one: where it is before these tokens and after them
/// @param adjustments of the last token's logits, at most [Adjustments#MAX_OF_RUN]; none where more
///     than those are wanted
public record Run(
    int[] pages,
    int[] windows,
    int position,
    int[] tokens,
    RunState state,
    LogitsWanted wanted,
    Adjustments adjustments) {
  public Run {
    if (tokens.length == 0
        || position < 0
        || wanted.count() > tokens.length
        || windows.length > pages.length) {
      throw new IllegalArgumentException(
          "tokens=%d position=%d wanted=%s pages=%d windows=%d"
              .formatted(tokens.length, position, wanted, pages.length, windows.length));
    }
    if (!adjustments.isEmpty()
        && (wanted.rows() > 1 || adjustments.size() > Adjustments.MAX_OF_RUN)) {
      throw new IllegalArgumentException(
          "adjustments=%d wanted=%s".formatted(adjustments.size(), wanted));
    }
  }

  /// Without adjustments, of a sequence that has the first place for states to itself, and as many
  /// windows as pages.
  public Run(int[] pages, int position, int[] tokens, LogitsWanted wanted) {
    this(pages, pages, position, tokens, wanted);
  }

  /// Without adjustments, of a sequence that has the first place for states to itself.
  public Run(int[] pages, int[] windows, int position, int[] tokens, LogitsWanted wanted) {
    this(pages, windows, position, tokens, RunState.alone(position), wanted, Adjustments.NONE);
  }
}
