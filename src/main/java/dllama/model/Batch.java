package dllama.model;

import dllama.model.LogitsWanted.All;
import dllama.model.LogitsWanted.Best;
import dllama.model.LogitsWanted.Draw;
import dllama.model.LogitsWanted.Nothing;
import org.jspecify.annotations.Nullable;

/// The input of one step: consecutive tokens of one sequence.
///
/// @param tokens ids, at least one, and as many as logits are wanted of
/// @param position slot of the first token, from 0
/// @param drawer draws the next token from the most probable ones; there if and only if it is to
public record Batch(int[] tokens, int position, LogitsWanted wanted, @Nullable Drawer drawer) {
  public Batch {
    if (wanted instanceof Draw != (drawer != null)) {
      throw new IllegalArgumentException("wanted=%s drawer=%s".formatted(wanted, drawer));
    }
  }

  /// A batch of which all logits of the last token are wanted, or nothing.
  public Batch(int[] tokens, int position, boolean logits) {
    this(tokens, position, logits ? new All() : new Nothing(), null);
  }

  /// A batch after whose last `rows` tokens the most probable ones are wanted.
  public static Batch best(int[] tokens, int position, int rows) {
    return new Batch(tokens, position, new Best(rows), null);
  }
}
