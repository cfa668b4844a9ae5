package dllama.model;

/// What one forward step gave.
///
/// @param logits `[vocabSize]` of the last token (empty if not asked for); owned by the forward
///     pass and valid until its next step, but the caller may overwrite it
/// @param token what the batch's chooser chose; −1 if it has none
/// @param syncNanos time in which this node waited for partials and logits of others
/// @param sentBytes bytes of frames this node sent, with Artery's headers
/// @param receivedBytes bytes of frames this node received, with Artery's headers
public record Step(float[] logits, int token, long syncNanos, long sentBytes, long receivedBytes) {
  private static final float[] NO_LOGITS = {};

  /// The end of a step that gave logits: lets the batch's chooser choose.
  public static Step chosen(
      Batch batch, float[] logits, long syncNanos, long sentBytes, long receivedBytes) {
    int token = batch.chooser() == null ? -1 : batch.chooser().next(logits);
    return new Step(logits, token, syncNanos, sentBytes, receivedBytes);
  }

  /// The end of a step that gave none.
  public static Step silent(long syncNanos, long sentBytes, long receivedBytes) {
    return new Step(NO_LOGITS, -1, syncNanos, sentBytes, receivedBytes);
  }
}
