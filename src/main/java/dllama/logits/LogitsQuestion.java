package dllama.logits;

/// What the root has to ask ranks about the logits of a step, when what they have told does not
/// suffice.
public sealed interface LogitsQuestion {
  /// Every rank: all logits of the last token.
  record Everything() implements LogitsQuestion {}

  /// One rank: to add up the probabilities of its tokens, in the order of ids, until `coin` is
  /// passed. As probabilities are floats, whose sum
  /// depends on the order, ranks are asked one after the other, and the token is the one that a
  /// rank which has all logits would draw.
  ///
  /// @param exponent of the largest weight of all
  /// @param total of the weights of all tokens, in the units of that exponent, see [TokenWeights]
  /// @param sum of the probabilities of the ranks before
  record Walk(int rank, float temperature, float coin, int exponent, double total, float sum)
      implements LogitsQuestion {}
}
