package dllama.model;

import dllama.error.UserException;

/// Factors that some architectures put where others have none, and a bound.
///
/// @param embedding of the rows of the embedding
/// @param query of queries, beside the 1 / sqrt(headDim) of all scores
/// @param logits of the logits
/// @param cap c, where a logit x becomes c · tanh(x / c); 0 where it stays
/// @param residual of what attention and feed-forward add to the residual stream
/// @param temperature how fast queries grow with their position, see [#growth]; 0: not at all
/// @param temperatureLength positions after which they do for the first time
public record Scales(
    float embedding,
    float query,
    float logits,
    float cap,
    float residual,
    float temperature,
    int temperatureLength) {
  private static final float MOST_TEMPERATURE = 100;

  public static final Scales NONE = new Scales(1, 1, 1, 0);

  public Scales {
    for (float value : new float[] {embedding, query, logits, residual}) {
      if (!(value > 0) || Float.isInfinite(value)) {
        throw new UserException("model header: a scale of %s is not possible".formatted(value));
      }
    }
    if (!(cap >= 0) || Float.isInfinite(cap)) {
      throw new UserException("model header: logits capped at %s are not possible".formatted(cap));
    }
    boolean grows = temperature > 0 && temperature <= MOST_TEMPERATURE && temperatureLength > 0;
    if (temperature != 0 && !grows) {
      throw new UserException(
          "model header: a temperature of %s after %d positions is not possible"
              .formatted(temperature, temperatureLength));
    }
  }

  /// Without those of the residual stream, and without growing queries.
  public Scales(float embedding, float query, float logits, float cap) {
    this(embedding, query, logits, cap, 1, 0, 0);
  }

  /// The factor of queries at a position, beside [#query] (attention temperature; Llama 4,
  /// Ministral 3): `1 + temperature · ln(1 + ⌊position / temperatureLength⌋)`.
  public float growth(int position) {
    if (temperature == 0 || position < temperatureLength) {
      return 1;
    }
    // StrictMath: the same on every machine.
    return (float) (1 + temperature * StrictMath.log(1 + position / temperatureLength));
  }

  /// The same with another one of the embedding.
  public Scales withEmbedding(float other) {
    return new Scales(other, query, logits, cap, residual, temperature, temperatureLength);
  }

  /// The same with another bound of logits.
  public Scales withCap(float other) {
    return new Scales(embedding, query, logits, other, residual, temperature, temperatureLength);
  }

  /// The same with another one of queries.
  public Scales withQuery(float other) {
    return new Scales(embedding, other, logits, cap, residual, temperature, temperatureLength);
  }

  /// The same with another one of what is added to the residual stream.
  public Scales withResidual(float other) {
    return new Scales(embedding, query, logits, cap, other, temperature, temperatureLength);
  }

  /// The same with queries that grow.
  public Scales withTemperature(float other, int length) {
    return new Scales(embedding, query, logits, cap, residual, other, length);
  }
}
