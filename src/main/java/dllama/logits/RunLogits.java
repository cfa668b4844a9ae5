package dllama.logits;

import dllama.model.Range;
import java.util.List;

/// What ranks have told of the logits of one run.
///
/// @param vocabulary the ranks' token ids, in rank order, without gaps
/// @param parts by rank, of those that tell something; empty if nothing was wanted
/// @param asker gets what it takes where that does not suffice
public record RunLogits(List<Range> vocabulary, List<LogitsPart> parts, Asker asker) {
  /// Asks ranks about logits of the latest step.
  @FunctionalInterface
  public interface Asker {
    /// Answers, by rank, of those ranks that the question is for; blocks, with a deadline.
    List<LogitsPart> ask(LogitsQuestion question);
  }

  public RunLogits {
    vocabulary = List.copyOf(vocabulary);
    parts = List.copyOf(parts);
  }

  /// What ranks tell with other adjustments, or of some tokens only; this is not valid afterwards.
  public RunLogits ask(LogitsQuestion.Adjusted question) {
    return new RunLogits(vocabulary, asker.ask(question), asker);
  }

  /// The log probabilities of a token and of the most probable ones; this is not valid afterwards.
  ///
  /// @param top how many of these, at most [TokenLogprobs#MAX_TOP]; may be 0
  public TokenLogprobs logprobs(int token, int top) {
    return TokenLogprobs.of(this, token, top);
  }

  /// The log probabilities of the tokens that were given, each after one of the last tokens;
  /// natural logarithms, the same bits however the vocabulary is cut over ranks.
  ///
  /// @throws dllama.error.UserException if a logit is no number
  public double[] given(LogitsWanted.Given wanted) {
    return GivenTokens.logprobs(this, wanted.tokens());
  }

  /// The states of the last tokens, which were wanted; valid until the next step.
  ///
  /// @return `[tokens, dim]`
  public float[] states() {
    return ((LogitsPart.States) parts.getFirst()).values();
  }

  /// Tokens of the vocabulary.
  public int vocabSize() {
    return vocabulary.getLast().to();
  }
}
