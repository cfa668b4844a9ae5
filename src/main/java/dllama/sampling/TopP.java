package dllama.sampling;

/// Draws by probability, where `topp` lies between 0 and 1 only from the smallest set of tokens
/// whose probability together exceeds it. One random number per token.
///
/// Probabilities are floats, added in the order in which distributed-llama does it, so that a seed
/// gives the same tokens.
public final class TopP implements Sampler {
  private final float temperature;
  private final float topp;
  private final Xorshift random;
  private float coin;

  /// Whether the coin of the next token was tossed already, for a draw that came to no token.
  private boolean tossed;

  TopP(float temperature, float topp, long seed) {
    if (!(temperature > 0) || temperature == Float.POSITIVE_INFINITY || Float.isNaN(topp)) {
      throw new IllegalArgumentException("temperature=%s topp=%s".formatted(temperature, topp));
    }
    this.temperature = temperature;
    this.topp = topp;
    this.random = new Xorshift(seed);
  }

  /// What logits are divided by before they become weights.
  public float temperature() {
    return temperature;
  }

  /// Whether every token may be drawn.
  public boolean drawsFromAll() {
    return !(topp > 0 && topp < 1);
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
    int chosen = fromNucleus(weights, size, total, vocabSize, coin());
    if (chosen < 0) {
      return -1;
    }
    drawn();
    return tokens[chosen];
  }

  private int fromNucleus(double[] weights, int size, double total, int vocabSize, float coin) {
    // Tokens below the cut-off are never needed: together they have less than 1 - topp.
    float cutoff = Math.min((1 - topp) / (vocabSize - 1), (float) (weights[0] / total));
    float sum = 0;
    int count = 0;
    while (count < vocabSize && sum <= topp) {
      if (count == size) {
        return -1;
      }
      float probability = (float) (weights[count] / total);
      if (probability < cutoff) {
        break;
      }
      sum += probability;
      count++;
    }
    float wanted = coin * sum;
    float passed = (float) (weights[0] / total);
    int chosen = 0;
    while (chosen < count - 1 && wanted >= passed) {
      passed += (float) (weights[++chosen] / total);
    }
    return chosen;
  }
}
