package dllama.model;

/// Chooses the next token. Runs where the logits are put together, so that they need not travel.
@FunctionalInterface
public interface TokenChooser {
  /// Index of the chosen token; may overwrite `logits`.
  int next(float[] logits);
}
