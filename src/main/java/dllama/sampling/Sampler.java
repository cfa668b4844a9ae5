package dllama.sampling;

/// Chooses the next token. Not thread-safe; one sampler per generation.
///
/// NaN counts as minus infinity, which is never chosen while any other logit is there; where all
/// are, token 0 is chosen.
public sealed interface Sampler permits Sampler.Greedy, TopP {
  /// The chosen index; may overwrite `logits` and allocates nothing once warm.
  int next(float[] logits);

  /// A sampler as distributed-llama's options describe it.
  ///
  /// @param temperature 0 for the most probable token always
  /// @param topp the probability that the tokens to choose from have together; all of them if not
  ///     between 0 and 1
  /// @param seed of the random numbers; 0 gives only zeros, that is, the first candidate always
  static Sampler of(float temperature, float topp, long seed) {
    return temperature == 0 ? new Greedy() : new TopP(temperature, topp, seed);
  }

  /// The first of the largest logits; draws no random number.
  record Greedy() implements Sampler {
    @Override
    public int next(float[] logits) {
      return argmax(logits);
    }
  }

  /// The first of the largest values.
  static int argmax(float[] values) {
    int best = 0;
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < values.length; i++) {
      if (values[i] > max) {
        max = values[i];
        best = i;
      }
    }
    return best;
  }
}
