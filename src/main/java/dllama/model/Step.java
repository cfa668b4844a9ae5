package dllama.model;

/// What one forward step gave.
///
/// @param logits `[vocabSize]` of the last token if they were wanted, otherwise empty; owned by the
///     forward pass and valid until its next step, but the caller may overwrite it
/// @param chosen the token after each of the last tokens, as many as were wanted
/// @param syncNanos time in which this node waited for partials and logits of others
/// @param sentBytes bytes of frames this node sent, with Artery's headers
/// @param receivedBytes bytes of frames this node received, with Artery's headers
public record Step(
    float[] logits, int[] chosen, long syncNanos, long sentBytes, long receivedBytes) {
  /// The token after the last one.
  public int token() {
    return chosen[chosen.length - 1];
  }
}
