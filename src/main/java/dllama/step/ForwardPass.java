package dllama.step;

import dllama.model.ModelSpec;
import dllama.tensor.KvHead;

/// The seam between generation and computation: runs of tokens in, logits out. Not thread-safe; one
/// caller at a time.
///
/// Keys and values stay in the pages that a run names: a token at position p sees what was fed at
/// positions < p of the same pages, and one that is fed again at a position replaces the one that
/// was there.
public interface ForwardPass {
  /// Positions that a page of keys and values holds.
  int PAGE = KvHead.PAGE;

  /// The most tokens of a step of which logits are computed.
  int MAX_WANTED = 32;

  ModelSpec spec();

  /// The most positions of a sequence, at most the model's own context length.
  int contextLength();

  /// The most tokens of all runs of a step.
  int maxBatchTokens();

  /// The pages of the world that computes now; any thread.
  PagePool pool();

  /// Pages that hold `positions`.
  static int pages(int positions) {
    return KvHead.pages(positions);
  }

  /// Computes one step; blocks, with a deadline.
  ///
  /// @throws IllegalArgumentException for a token outside the vocabulary, a position outside the
  ///     context, or more than fits a step
  /// @throws dllama.error.UserException when the model gives what is no number: NaN or infinity
  /// @throws ForwardException when the nodes that compute can not finish it, or are not those of
  ///     its epoch
  StepResult forward(Step step);
}
