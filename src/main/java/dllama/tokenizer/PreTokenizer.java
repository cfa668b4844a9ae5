package dllama.tokenizer;

import static dllama.tokenizer.CodePoints.BREAK;
import static dllama.tokenizer.CodePoints.CAPITAL;
import static dllama.tokenizer.CodePoints.LETTER;
import static dllama.tokenizer.CodePoints.MARK;
import static dllama.tokenizer.CodePoints.NUMBER;
import static dllama.tokenizer.CodePoints.PUNCTUATION;
import static dllama.tokenizer.CodePoints.SMALL;
import static dllama.tokenizer.CodePoints.SPACE;

import java.lang.Character.UnicodeScript;
import java.util.List;
import java.util.Optional;

/// How text is split before byte-pair encoding, by the names that files give these rules
/// (`tokenizer.ggml.pre`). Names on one line share a rule.
///
/// @param splitters applied one after the other
/// @param wholePieces whether a piece that is a token is taken as it is, without merging
/// @param addBos whether texts start with BOS where the file does not say
public record PreTokenizer(List<Splitter> splitters, boolean wholePieces, boolean addBos) {
  private static final CharSet SPACE_SIGN = CharSet.chars(" ");
  private static final CharSet LETTERS = CharSet.of(LETTER);
  private static final CharSet NUMBERS = CharSet.of(NUMBER);
  private static final CharSet BREAKS = CharSet.of(BREAK);
  private static final CharSet OTHERS = CharSet.not(SPACE | LETTER | NUMBER);

  /// What a word may begin with.
  private static final CharSet LEAD = CharSet.not(BREAK | LETTER | NUMBER);

  private static final CharSet BREAKS_AND_SLASH = BREAKS.or(CharSet.chars("/"));

  private static final CharSet HAN =
      (text, index) -> UnicodeScript.of(text.codePoint(index)) == UnicodeScript.HAN;

  /// Letters that may stand in front of a small one.
  private static final CharSet UPPER = CharSet.of(LETTER | MARK).without(CharSet.of(SMALL));

  /// Letters that may follow a capital.
  private static final CharSet LOWER = CharSet.of(LETTER | MARK).without(CharSet.of(CAPITAL));

  private static final Rule NO_ENDING = (text, at, limit) -> at;

  static final Splitter WORDS_OF_GPT2 =
      Splitter.of(
          Rule.contraction(false),
          Rule.after(SPACE_SIGN, LETTERS),
          Rule.after(SPACE_SIGN, NUMBERS),
          Rule.after(SPACE_SIGN, OTHERS),
          Rule.spaces());

  // Splitters that rules share are one object, by which rules are known to be the same.
  static final Splitter ONE_NUMBER = Splitter.of(Rule.one(NUMBERS));
  static final Splitter NUMBER_RUN = Splitter.of(Rule.run(NUMBERS));
  static final Splitter WORDS_BY_THREE = words(LETTER, 3, BREAKS);
  static final Splitter WORDS_BY_ONE = words(LETTER, 1, BREAKS);
  static final Splitter WORDS_WITH_MARKS = words(LETTER | MARK, 1, BREAKS);
  static final Splitter CASED_BY_THREE = casedWords(true, 3);
  static final Splitter CASED_BY_ONE = casedWords(false, 1);

  static final Splitter THREE_DIGITS = Splitter.of(Rule.exactly(3, CharSet.ranges("09")));

  private static final CharSet ALL_PUNCTUATION =
      CharSet.of(PUNCTUATION).or(CharSet.chars("$+<=>^~|`"));

  /// Of names that share a rule the one that most programs know.
  private static final List<String> USUAL_NAMES =
      List.of(
          "gpt-2",
          "smollm",
          "llama-bpe",
          "smaug-bpe",
          "qwen2",
          "qwen35",
          "gpt-4o",
          "tekken",
          "deepseek-llm",
          "deepseek-coder",
          "deepseek-v3",
          "default");

  /// What is used where the file names no rule.
  public static final PreTokenizer DEFAULT =
      plain(
          Splitter.of(Rule.run(CharSet.of(PUNCTUATION).or(CharSet.chars("$+<=>^~|")))),
          WORDS_OF_GPT2,
          NUMBER_RUN,
          THREE_DIGITS);

  private static final PreTokenizer GPT2 = plain(WORDS_OF_GPT2);

  private static final PreTokenizer STARCODER = plain(ONE_NUMBER, WORDS_OF_GPT2);

  private static final PreTokenizer FALCON =
      plain(Splitter.of(Rule.run(ALL_PUNCTUATION)), WORDS_OF_GPT2, THREE_DIGITS);

  private static final PreTokenizer DIGITS_BY_THREE = plain(WORDS_BY_THREE);
  private static final PreTokenizer LLAMA3 = whole(DIGITS_BY_THREE);
  private static final PreTokenizer QWEN2 = plain(WORDS_BY_ONE);
  private static final PreTokenizer QWEN35 = plain(WORDS_WITH_MARKS);
  private static final PreTokenizer SEED_CODER = plain(words(LETTER, 1, Rule.NONE));

  private static final PreTokenizer GPT4O = plain(CASED_BY_THREE);

  private static final PreTokenizer TEKKEN = whole(plain(CASED_BY_ONE));

  private static final PreTokenizer KIMI =
      plain(
          Splitter.of(Rule.run(HAN)),
          cased(UPPER.without(HAN), LOWER.without(HAN), Rule.contraction(true), 3, BREAKS));

  /// Texts stay whole.
  public static final PreTokenizer NONE = plain(List.of());

  /// Gemma 4's, which is not byte-level: merging goes over whole lines.
  public static final PreTokenizer LINES = plain(Splitter.of(Rule.run(CharSet.chars("\n"))));

  /// The rule of these steps, if all of them are known.
  ///
  /// @param wholePieces whether a piece that is a token is taken as it is
  public static Optional<PreTokenizer> of(List<SplitStep> steps, boolean wholePieces) {
    List<Optional<Splitter>> found = steps.stream().map(PreTokenizer::splitter).toList();
    return found.stream().allMatch(Optional::isPresent)
        ? Optional.of(
            new PreTokenizer(
                found.stream().map(Optional::orElseThrow).toList(), wholePieces, false))
        : Optional.empty();
  }

  private static Optional<Splitter> splitter(SplitStep step) {
    return switch (step) {
      case SplitStep.Pattern(String regex) -> KnownPatterns.find(regex);
      case SplitStep.Words _ -> Optional.of(WORDS_OF_GPT2);
      case SplitStep.Digits(boolean single) -> Optional.of(single ? ONE_NUMBER : NUMBER_RUN);
      case SplitStep.Punctuation(boolean single) ->
          Optional.of(Splitter.of(single ? Rule.one(ALL_PUNCTUATION) : Rule.run(ALL_PUNCTUATION)));
      case SplitStep.Marks _ -> Optional.of(Splitter.startingWith(CharSet.chars("▁")));
    };
  }

  /// These splitters, but pieces that are tokens are taken as they are or not.
  public PreTokenizer withWholePieces(boolean whole) {
    return new PreTokenizer(splitters, whole, addBos);
  }

  /// The name by which a file can say that this is how text is split, if there is one.
  public Optional<String> name() {
    return USUAL_NAMES.stream()
        .filter(
            name -> {
              PreTokenizer known = named(name).orElseThrow();
              return known.splitters.equals(splitters) && known.wholePieces == wholePieces;
            })
        .findFirst();
  }

  /// The rule of a name, if it is known.
  public static Optional<PreTokenizer> named(String name) {
    return Optional.ofNullable(
        switch (name) {
          case "default", "" -> DEFAULT;
          case "gpt-2",
              "phi-2",
              "mpt",
              "olmo",
              "jais",
              "gigachat",
              "exaone4",
              "mellum",
              "trillion",
              "granite-docling",
              "modern-bert",
              "a.x-4.0",
              "roberta-bpe",
              "jina-es",
              "jina-de",
              "jina-v1-en",
              "jina-v2-es",
              "jina-v2-de",
              "jina-v2-code" ->
              GPT2;
          case "starcoder",
              "refact",
              "command-r",
              "smollm",
              "codeshell",
              "exaone",
              "minerva-7b",
              "mellum2" ->
              STARCODER;
          case "falcon" -> FALCON;
          case "llama3",
              "llama-v3",
              "llama-bpe",
              "falcon3",
              "falcon-h1",
              "pixtral",
              "midm-2.0",
              "lfm2",
              "jina-v5-nano" ->
              LLAMA3;
          case "dbrx", "smaug-bpe", "glm4", "chatglm-bpe" -> DIGITS_BY_THREE;
          case "qwen2",
              "deepseek-r1-qwen",
              "megrez",
              "stablelm2",
              "hunyuan",
              "solar-open",
              "grok-2",
              "kormo",
              "f2llmv2",
              "bailingmoe",
              "bailingmoe2",
              "llada-moe" ->
              QWEN2;
          case "qwen35" -> QWEN35;
          case "seed-coder" -> SEED_CODER;
          case "gpt-4o", "llama4", "kanana2", "minimax-m2", "talkie" -> GPT4O;
          case "tekken" -> TEKKEN;
          case "kimi-k2" -> KIMI;
          case "deepseek-llm" -> plain(DeepSeekSplit.LLM);
          case "deepseek-coder" -> plain(DeepSeekSplit.CODER);
          case "deepseek-v3", "hunyuan-dense", "joyai-llm" -> plain(DeepSeekSplit.V3);
          default -> null;
        });
  }

  private static PreTokenizer plain(Splitter... splitters) {
    return plain(List.of(splitters));
  }

  private static PreTokenizer plain(List<Splitter> splitters) {
    return new PreTokenizer(splitters, false, false);
  }

  private static PreTokenizer whole(PreTokenizer of) {
    return new PreTokenizer(of.splitters, true, true);
  }

  /// Contractions in any case, then `[^\r\n\p{L}\p{N}]?W+`, `\p{N}{1,digits}`,
  /// ` ?[^\sW\p{N}]+[tail]*`, `\s*[\r\n]+`, `\s+(?!\S)|\s+`.
  static Splitter words(int word, int digits, CharSet tail) {
    return Splitter.of(
        Rule.contraction(true),
        Rule.after(LEAD, CharSet.of(word)),
        Rule.upTo(digits, NUMBERS),
        Rule.after(SPACE_SIGN, CharSet.not(SPACE | NUMBER | word), tail),
        Rule.breaks(),
        Rule.spaces());
  }

  static Splitter casedWords(boolean contractions, int digits) {
    Rule ending = contractions ? Rule.contraction(true) : NO_ENDING;
    return cased(UPPER, LOWER, ending, digits, BREAKS_AND_SLASH);
  }

  /// The same with words that are split where capitals begin.
  private static Splitter cased(
      CharSet upper, CharSet lower, Rule ending, int digits, CharSet tail) {
    return Splitter.of(
        Rule.cased(LEAD, upper, lower, ending),
        Rule.upTo(digits, NUMBERS),
        Rule.after(SPACE_SIGN, OTHERS, tail),
        Rule.breaks(),
        Rule.spaces());
  }
}
