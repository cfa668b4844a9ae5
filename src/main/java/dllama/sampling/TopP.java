package dllama.sampling;

/// Draws from the softmax of logits / temperature, where `topp` lies between 0 and 1 only from the
/// smallest set of tokens whose probability together exceeds it. One random number per token.
///
/// Floats are rounded and added in the order in which distributed-llama does it, so that a seed
/// gives the same tokens. Only the tokens of that set are put in order, of 128k often a handful.
public final class TopP implements Sampler {
  private final Softmax softmax = new Softmax();
  private final float temperature;
  private final float topp;
  private final Xorshift random;

  private Candidates candidates = new Candidates(0);

  TopP(float temperature, float topp, long seed) {
    if (!(temperature > 0) || temperature == Float.POSITIVE_INFINITY || Float.isNaN(topp)) {
      throw new IllegalArgumentException("temperature=%s topp=%s".formatted(temperature, topp));
    }
    this.temperature = temperature;
    this.topp = topp;
    this.random = new Xorshift(seed);
  }

  @Override
  public int next(float[] logits) {
    float coin = random.nextFloat();
    int best = Sampler.argmax(logits);
    if (!Float.isFinite(logits[best] / temperature)) {
      return best;
    }
    softmax.apply(logits, temperature, logits[best] / temperature);
    return topp > 0 && topp < 1 ? fromNucleus(logits, best, coin) : fromAll(logits, coin);
  }

  private static int fromAll(float[] probabilities, float coin) {
    float sum = 0;
    int last = 0;
    for (int i = 0; i < probabilities.length; i++) {
      if (probabilities[i] > 0) {
        sum += probabilities[i];
        last = i;
        if (coin < sum) {
          break;
        }
      }
    }
    return last;
  }

  private int fromNucleus(float[] probabilities, int best, float coin) {
    if (candidates.capacity() < probabilities.length) {
      candidates = new Candidates(probabilities.length);
    }
    int last = candidates.select(probabilities, best, topp) - 1;
    float sum = 0;
    int size = 0;
    while (size <= last && sum <= topp) {
      sum += candidates.probability(size++);
    }
    float wanted = coin * sum;
    float passed = candidates.probability(0);
    int chosen = 0;
    while (chosen < size - 1 && wanted >= passed) {
      passed += candidates.probability(++chosen);
    }
    return candidates.token(chosen);
  }
}
