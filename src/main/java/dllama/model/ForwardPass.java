package dllama.model;

/// The seam between generation and computation: tokens in, logits out. Not thread-safe; one caller
/// at a time.
///
/// The key/value cache is implied: a step at position p sees every token fed before at positions <
/// p, and a token fed again at a position replaces the one that was there.
public interface ForwardPass {
  ModelSpec spec();

  /// Positions that are reserved, at most the model's own context length.
  int contextLength();

  /// The most tokens that one batch may hold.
  int maxBatchTokens();

  /// Positions from 0 on that may still hold what was fed there; less than before when the nodes
  /// that held it were replaced.
  default int cachedPositions() {
    return contextLength();
  }

  /// Computes one step; blocks, with a deadline.
  ///
  /// @throws IllegalArgumentException for a token outside the vocabulary, or a position outside the
  ///     context
  /// @throws dllama.error.UserException when the model gives what is no number: NaN or infinity
  /// @throws ForwardException when the nodes that compute can not finish it
  Step forward(Batch batch);
}
