package dllama.logits;

/// Draws the next token from the most probable ones. Runs where the logits are put together.
@FunctionalInterface
public interface Drawer {
  /// The token drawn; −1 if these candidates do not tell, and then it is called again with more of
  /// them.
  int draw(Candidates candidates);

  /// Tokens to draw from, the most probable first and of equal ones the lower id. Valid during the
  /// call.
  ///
  /// @param weights e^(logit / temperature) of each token, in a unit of the step's own
  /// @param size of the candidates, at least 1
  /// @param total weight of the whole vocabulary
  /// @param vocabSize `size`, where these are all there are
  record Candidates(int[] tokens, double[] weights, int size, double total, int vocabSize) {}
}
