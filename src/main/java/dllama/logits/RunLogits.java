package dllama.logits;

import dllama.model.Range;
import java.util.List;

/// What ranks have told of the logits of one run.
///
/// @param vocabulary the ranks' token ids, in rank order, without gaps
/// @param parts by rank; empty if nothing was wanted
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

  /// Tokens of the vocabulary.
  public int vocabSize() {
    return vocabulary.getLast().to();
  }
}
