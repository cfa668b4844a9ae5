package dllama.sampling;

/// From which tokens one is drawn. A token has to be within all limits; each leaves the most
/// probable one.
///
/// @param temperature that logits are divided by, before anything else here; 0 for the most
///     probable token always
/// @param topp the probability that the tokens to choose from have together; all of them if not
///     between 0 and 1
/// @param topk how many of the most probable tokens to choose from, which `topp` is then a part of;
///     0: any number
/// @param minp the least probability, as a part of that of the most probable token; 0: any
public record SamplingParameters(float temperature, float topp, int topk, float minp) {
  public SamplingParameters {
    if (!(temperature >= 0)
        || temperature == Float.POSITIVE_INFINITY
        || Float.isNaN(topp)
        || topk < 0
        || !(minp >= 0 && minp <= 1)) {
      throw new IllegalArgumentException(
          "temperature=%s topp=%s topk=%d minp=%s".formatted(temperature, topp, topk, minp));
    }
  }

  /// As many and as improbable ones as `topp` allows.
  public SamplingParameters(float temperature, float topp) {
    this(temperature, topp, 0, 0);
  }
}
