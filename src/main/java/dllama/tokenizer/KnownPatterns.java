package dllama.tokenizer;

import java.util.Map;
import java.util.Optional;

/// Regular expressions of published vocabularies, and the loops that find the same. An expression
/// is known by its text: no stranger's is ever run.
final class KnownPatterns {
  private static final String ENDINGS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String REST = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String LEAD = "[^\\r\\n\\p{L}\\p{N}]?";
  private static final String OTHERS = " ?[^\\s\\p{L}\\p{N}]+";

  private static final Map<String, Splitter> KNOWN =
      Map.ofEntries(
          Map.entry(
              "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+|" + OTHERS + "|\\s+(?!\\S)|\\s+",
              PreTokenizer.WORDS_OF_GPT2),
          Map.entry(words("\\p{L}", "\\p{N}{1,3}"), PreTokenizer.WORDS_BY_THREE),
          Map.entry(words("\\p{L}", "\\p{N}"), PreTokenizer.WORDS_BY_ONE),
          Map.entry(words("[\\p{L}\\p{M}]", "\\p{N}"), PreTokenizer.WORDS_WITH_MARKS),
          Map.entry(cased("", "\\p{N}"), PreTokenizer.CASED_BY_ONE),
          Map.entry(cased(ENDINGS + "?", "\\p{N}{1,3}"), PreTokenizer.CASED_BY_THREE),
          Map.entry("\\p{N}", PreTokenizer.ONE_NUMBER),
          Map.entry("\\p{N}+", PreTokenizer.NUMBER_RUN),
          Map.entry("\\p{N}{1,3}", DeepSeekSplit.V3.getFirst()),
          Map.entry("[0-9][0-9][0-9]", PreTokenizer.THREE_DIGITS),
          Map.entry("[\\r\\n]", DeepSeekSplit.ONE_BREAK),
          Map.entry("\\s+$", DeepSeekSplit.LLM.get(3)),
          Map.entry("\\s?\\p{L}+", DeepSeekSplit.CODER.get(1)),
          Map.entry("\\s?\\p{P}+", DeepSeekSplit.CODER.get(2)),
          Map.entry("[一-龥ࠀ-一가-퟿]+", DeepSeekSplit.LLM.get(4)),
          Map.entry("\\s?[!-/:-~！-／：-～‘-‟　-。]+", DeepSeekSplit.LLM.get(2)),
          Map.entry("[一-龥぀-ゟ゠-ヿ]+", DeepSeekSplit.V3.get(1)),
          Map.entry(
              "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
                  + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*"
                  + REST,
              DeepSeekSplit.V3.get(2)));

  /// How the list of all letters begins that there were when DeepSeek LLM was made.
  private static final String OLD_LETTERS = "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯ";

  private KnownPatterns() {}

  private static String words(String word, String digits) {
    String other = " ?[^\\s" + word.replaceAll("[\\[\\]]", "") + "\\p{N}]+";
    return ENDINGS + "|" + LEAD + word + "+|" + digits + "|" + other + "[\\r\\n]*" + REST;
  }

  private static String cased(String ending, String digits) {
    return "%s%s*%s+%s|%s%s+%s*%s|%s|%s[\\r\\n/]*%s"
        .formatted(LEAD, UPPER, LOWER, ending, LEAD, UPPER, LOWER, ending, digits, OTHERS, REST);
  }

  /// What splits as an expression does, if it is known. Line breaks may be written as such.
  static Optional<Splitter> find(String regex) {
    String written = regex.replace("\r", "\\r").replace("\n", "\\n");
    if (written.startsWith(OLD_LETTERS)) {
      return Optional.of(DeepSeekSplit.LLM.get(1));
    }
    return Optional.ofNullable(KNOWN.get(written));
  }
}
