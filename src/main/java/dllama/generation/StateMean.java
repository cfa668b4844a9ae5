package dllama.generation;

import dllama.model.NotFinite;

/// The mean of the states of a prompt's tokens, which are the last hidden ones, after the final
/// norm: what stands for a text as a vector.
///
/// Added up in double precision, token by token, in the order of the prompt. So it is the same, bit
/// by bit, however the prompt is cut into steps, and with F32 exchange on any number of nodes. Read
/// by whoever made it, once the generation has ended.
public final class StateMean {
  private double[] sum = {};
  private int tokens;

  /// The prompt is read again.
  void clear() {
    sum = new double[0];
    tokens = 0;
  }

  /// The states of the next tokens.
  ///
  /// @param states `[tokens, dim]`
  /// @throws dllama.error.UserException if one is no number
  void add(float[] states, int count) {
    int dim = states.length / count;
    if (tokens == 0) {
      sum = new double[dim];
    }
    for (int at = 0; at < states.length; at += dim) {
      for (int i = 0; i < dim; i++) {
        sum[i] += states[at + i];
      }
    }
    tokens += count;
    for (double of : sum) {
      if (!Double.isFinite(of)) {
        throw NotFinite.at("what the final norm gives"); // floats alone can not overflow it
      }
    }
  }

  /// Tokens whose states are there: all of the prompt's, unless the generation was ended.
  public int tokens() {
    return tokens;
  }

  /// The mean, `[dim]`, not rounded yet.
  public double[] value() {
    double[] mean = sum.clone();
    for (int i = 0; i < mean.length; i++) {
      mean[i] /= tokens;
    }
    return mean;
  }
}
