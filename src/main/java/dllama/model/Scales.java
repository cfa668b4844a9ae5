package dllama.model;

import dllama.error.UserException;

/// Factors that some architectures put where others have none, and a bound.
///
/// @param embedding of the rows of the embedding
/// @param query of queries, beside the 1 / sqrt(headDim) of all scores
/// @param logits of the logits
/// @param cap c, where a logit x becomes c · tanh(x / c); 0 where it stays
public record Scales(float embedding, float query, float logits, float cap) {
  public static final Scales NONE = new Scales(1, 1, 1, 0);

  public Scales {
    for (float value : new float[] {embedding, query, logits}) {
      if (!(value > 0) || Float.isInfinite(value)) {
        throw new UserException("model header: a scale of %s is not possible".formatted(value));
      }
    }
    if (!(cap >= 0) || Float.isInfinite(cap)) {
      throw new UserException("model header: logits capped at %s are not possible".formatted(cap));
    }
  }

  /// The same with another one of the embedding.
  public Scales withEmbedding(float other) {
    return new Scales(other, query, logits, cap);
  }

  /// The same with another bound of logits.
  public Scales withCap(float other) {
    return new Scales(embedding, query, logits, other);
  }

  /// The same with another one of queries.
  public Scales withQuery(float other) {
    return new Scales(embedding, other, logits, cap);
  }
}
