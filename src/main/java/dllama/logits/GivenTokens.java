package dllama.logits;

import dllama.logits.LogitsPart.Given;
import dllama.model.NotFinite;
import java.util.Arrays;
import java.util.List;

/// How probable the model held given tokens, of what ranks tell: the logarithm of what softmax
/// makes of a logit. What weighs less than 2^-47 of the most probable token does not count in the
/// sum of all, see [TokenWeights].
final class GivenTokens {
  private GivenTokens() {}

  static double[] logprobs(RunLogits of, int[] tokens) {
    List<Given> told = of.parts().stream().map(Given.class::cast).toList();
    for (Given part : told) {
      if (part.strayed() >= 0) {
        throw NotFinite.at("the logit of token " + part.strayed());
      }
    }
    if (Arrays.stream(tokens).anyMatch(token -> token >= of.vocabSize())) {
      throw new IllegalArgumentException("tokens of %d".formatted(of.vocabSize()));
    }
    double[] logprobs = new double[tokens.length];
    long[] sums = new long[TokenWeights.BINS];
    for (int row = 0; row < tokens.length; row++) {
      double logit = 0;
      for (int rank = 0; rank < told.size(); rank++) {
        boolean own = of.vocabulary().get(rank).has(tokens[row]);
        logit = own ? told.get(rank).logits()[row] : logit;
      }
      logprobs[row] = logit - logOfSum(told, row, sums);
    }
    return logprobs;
  }

  /// Logarithm of the sum of e^logit.
  private static double logOfSum(List<Given> told, int row, long[] sums) {
    float largest = Float.NEGATIVE_INFINITY;
    for (Given part : told) {
      largest = Math.max(largest, part.largest()[row]);
    }
    if (TokenWeights.certain(largest, 1)) {
      return largest;
    }
    int top = TokenWeights.exponent(largest, 1);
    Arrays.fill(sums, 0);
    for (Given part : told) {
      int exponent = TokenWeights.exponent(part.largest()[row], 1);
      TokenWeights.add(part.sums(), row * TokenWeights.BINS, exponent, sums, top);
    }
    return TokenWeights.log(TokenWeights.total(sums), top);
  }
}
