package dllama.sampling;

/// Draws by probability from the tokens that [SamplingParameters] leave: with `topp` between 0 and
/// 1 from the smallest set whose probability together exceeds it. One random number per token.
///
/// Probabilities are floats, added in the order in which distributed-llama does it, so that a seed
/// gives the same tokens.
public final class RandomSampler implements Sampler {
  private final SamplingParameters parameters;
  private final Xorshift random;
  private float coin;

  /// Whether the coin of the next token was tossed already, for a draw that came to no token.
  private boolean tossed;

  RandomSampler(SamplingParameters parameters, long seed) {
    this.parameters = parameters;
    this.random = new Xorshift(seed);
  }

  /// What logits are divided by before they become weights.
  public float temperature() {
    return parameters.temperature();
  }

  /// Whether every token may be drawn.
  public boolean drawsFromAll() {
    return !hasNucleus() && parameters.topk() == 0 && parameters.minp() == 0;
  }

  private boolean hasNucleus() {
    return parameters.topp() > 0 && parameters.topp() < 1;
  }

  /// The random number for the next token: the same one until [#drawn], so that a draw that came to
  /// no token, because candidates did not suffice or a node was lost, is done again with it.
  public float coin() {
    if (!tossed) {
      coin = random.nextFloat();
      tossed = true;
    }
    return coin;
  }

  /// A token was drawn with [#coin].
  public void drawn() {
    tossed = false;
  }

  /// Draws one of the first `size` tokens, which are the most probable ones of `vocabSize`, in
  /// order. Not where every token may be drawn.
  ///
  /// @param weights in proportion to the tokens' probabilities
  /// @param total weight of the whole vocabulary
  /// @return the token; −1 if these do not tell, and then the next call draws it from more of them
  public int next(int[] tokens, double[] weights, int size, double total, int vocabSize) {
    int most = parameters.topk() == 0 ? vocabSize : Math.min(parameters.topk(), vocabSize);
    if (most < vocabSize && size < most) {
      return -1;
    }
    double all = most < vocabSize ? sum(weights, most) : total;
    int count = count(weights, size, all, most, vocabSize);
    if (count < 0) {
      return -1;
    }
    int token = tokens[chosen(weights, all, count)];
    drawn();
    return token;
  }

  private static double sum(double[] weights, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += weights[i];
    }
    return sum;
  }

  /// How many of the tokens there are to choose from, at most `most`; −1 if these do not tell.
  private int count(double[] weights, int size, double all, int most, int vocabSize) {
    float largest = (float) (weights[0] / all);
    float topp = hasNucleus() ? parameters.topp() : Float.POSITIVE_INFINITY;
    // Tokens below the cut-off are never needed: together they have less than 1 - topp.
    float cutoff = hasNucleus() ? Math.min((1 - topp) / (vocabSize - 1), largest) : Float.MIN_VALUE;
    cutoff = Math.max(cutoff, parameters.minp() * largest);
    float sum = 0;
    int count = 0;
    while (count < most && sum <= topp) {
      if (count == size) {
        return -1;
      }
      float probability = (float) (weights[count] / all);
      if (probability < cutoff) {
        break;
      }
      sum += probability;
      count++;
    }
    return count;
  }

  /// Which of the first `count` tokens is drawn.
  private int chosen(double[] weights, double all, int count) {
    float sum = 0;
    for (int i = 0; i < count; i++) {
      sum += (float) (weights[i] / all);
    }
    float wanted = coin() * sum;
    float passed = (float) (weights[0] / all);
    int chosen = 0;
    while (chosen < count - 1 && wanted >= passed) {
      passed += (float) (weights[++chosen] / all);
    }
    return chosen;
  }
}
