package dllama.logits;

import dllama.logits.LogitsPart.Candidates;
import dllama.logits.LogitsPart.Unadjusted;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// How probable the model held a token, and which it held for the most probable ones: natural
/// logarithms of what softmax makes of its logits as they are, before temperature, penalties, bias,
/// a mask or any cut. So the chosen token need not be among the most probable ones.
///
/// The same bits however the vocabulary is cut over ranks. What weighs less than 2^-47 of the most
/// probable token does not count in the sum of all, see [TokenWeights].
///
/// @param chosen of the token that was chosen
/// @param top the most probable tokens in order, of equal ones the lower id first
public record TokenLogprobs(float chosen, List<Entry> top) {
  /// The most tokens that can be told of.
  public static final int MAX_TOP = LogitsQuestion.Unadjusted.MAX_TOP;

  /// A token and its log probability.
  public record Entry(int token, float logprob) {}

  public TokenLogprobs {
    top = List.copyOf(top);
  }

  /// Asks for those of the last token.
  ///
  /// @param top how many of the most probable tokens, at most [#MAX_TOP]; may be 0
  static TokenLogprobs of(RunLogits of, int token, int top) {
    List<Unadjusted> told =
        of.asker().ask(new LogitsQuestion.Unadjusted(token, Math.max(1, top))).stream()
            .map(Unadjusted.class::cast)
            .toList();
    long[] keys =
        told.stream()
            .map(Unadjusted::largest)
            .flatMapToLong(TokenLogprobs::keys)
            .sorted()
            .toArray();
    float largest = TopLogits.logit(keys[keys.length - 1]);
    double all = logOfSum(told, largest);
    Entry[] entries = new Entry[Math.min(top, keys.length)];
    for (int i = 0; i < entries.length; i++) {
      long key = keys[keys.length - 1 - i];
      entries[i] = new Entry(TopLogits.token(key), (float) (TopLogits.logit(key) - all));
    }
    float chosen = 0;
    for (int rank = 0; rank < told.size(); rank++) {
      chosen = of.vocabulary().get(rank).has(token) ? told.get(rank).logit() : chosen;
    }
    return new TokenLogprobs((float) (chosen - all), Arrays.asList(entries));
  }

  private static LongStream keys(Candidates of) {
    return IntStream.range(0, of.size())
        .mapToLong(i -> TopLogits.key(of.logits()[i], of.tokens()[i]));
  }

  /// Logarithm of the sum of e^logit.
  private static double logOfSum(List<Unadjusted> told, float largest) {
    if (TokenWeights.certain(largest, 1)) {
      return largest;
    }
    int exponent = TokenWeights.exponent(largest, 1);
    long[] sums = new long[TokenWeights.BINS];
    told.forEach(part -> part.largest().addTo(sums, exponent));
    return TokenWeights.log(TokenWeights.total(sums), exponent);
  }
}
