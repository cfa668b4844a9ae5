package dllama.model;

/// What one forward step gave.
///
/// @param logits `[vocabSize]` of the last token (empty if not asked for); owned by the forward
///     pass and valid until its next step, but the caller may overwrite it
/// @param syncNanos time in which this node waited for partials and logits of others
/// @param sentBytes bytes of frames this node sent, with Artery's headers
/// @param receivedBytes bytes of frames this node received, with Artery's headers
public record Step(float[] logits, long syncNanos, long sentBytes, long receivedBytes) {}
