package dllama.sampling;

/// How the next token is chosen. Not thread-safe; one sampler per generation.
public sealed interface Sampler permits Sampler.Greedy, RandomSampler {
  /// The seed in place of 0, with which distributed-llama draws the first candidate always, because
  /// its generator never leaves 0. 2^64 divided by the golden ratio.
  long ZERO = 0x9E3779B97F4A7C15L;

  /// A sampler as distributed-llama's options describe it.
  ///
  /// @param temperature 0 for the most probable token always
  /// @param topp the probability that the tokens to choose from have together; all of them if not
  ///     between 0 and 1
  /// @param seed of the random numbers
  static Sampler of(float temperature, float topp, long seed) {
    return of(new SamplingParameters(temperature, topp), seed);
  }

  /// A sampler.
  ///
  /// @param seed of the random numbers
  static Sampler of(SamplingParameters parameters, long seed) {
    return parameters.temperature() == 0
        ? new Greedy()
        : new RandomSampler(parameters, seed == 0 ? ZERO : seed);
  }

  /// Always the most probable token, and of equal ones the first; draws no random number.
  record Greedy() implements Sampler {}
}
