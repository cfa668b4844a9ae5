package dllama.reply;

import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// The marks around what a model thinks to itself.
record Thinking(String open, String close) {
  private static final Thinking USUAL = new Thinking("<think>", "</think>");

  private static final List<Thinking> KNOWN =
      List.of(
          new Thinking("<|START_THINKING|>", "<|END_THINKING|>"),
          new Thinking("<seed:think>", "</seed:think>"),
          new Thinking("[THINK]", "[/THINK]"),
          new Thinking("<|channel>thought", "<channel|>"),
          new Thinking("<|inner_prefix|>", "<|inner_suffix|>"),
          new Thinking("Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]"),
          USUAL,
          new Thinking("<thinking>", "</thinking>"));

  /// Those of a template, or the usual ones where the vocabulary has tokens for them.
  static Optional<Thinking> of(String template, Vocabulary vocabulary) {
    Optional<Thinking> named =
        KNOWN.stream()
            .filter(marks -> template.contains(marks.open) || template.contains(marks.close))
            .findFirst();
    return named.or(() -> Optional.of(USUAL).filter(marks -> has(vocabulary, marks.close)));
  }

  private static boolean has(Vocabulary vocabulary, String name) {
    return IntStream.range(0, vocabulary.size())
        .filter(id -> vocabulary.pieces()[id].length == name.length())
        .anyMatch(id -> vocabulary.text(id).equals(name));
  }

  /// Whether a prompt ends within a thought that has just begun.
  boolean begunBy(String prompt) {
    return prompt.stripTrailing().endsWith(open);
  }
}
