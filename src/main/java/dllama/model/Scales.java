package dllama.model;

import dllama.error.UserException;

/// Factors that some architectures put where others have none.
///
/// @param embedding of the rows of the embedding
/// @param query of queries, beside the 1 / sqrt(headDim) of all scores
/// @param logits of the logits
public record Scales(float embedding, float query, float logits) {
  public static final Scales NONE = new Scales(1, 1, 1);

  public Scales {
    for (float value : new float[] {embedding, query, logits}) {
      if (!(value > 0) || Float.isInfinite(value)) {
        throw new UserException("model header: a scale of %s is not possible".formatted(value));
      }
    }
  }

  /// The same with another one of the embedding.
  public Scales withEmbedding(float other) {
    return new Scales(other, query, logits);
  }

  /// The same with another one of queries.
  public Scales withQuery(float other) {
    return new Scales(embedding, other, logits);
  }
}
