package dllama.reply;

import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// OpenAI's harmony (docs of openai-harmony): an answer is several messages, each with a header
/// that says for whom it is.
///
/// ``` <|channel|>analysis<|message|>a thought<|end|> <|start|>assistant<|channel|>commentary
/// to=functions.NAME <|constrain|>json<|message|>{…}<|call|>
/// <|start|>assistant<|channel|>final<|message|>what the user is told<|return|> ```
///
/// What stands in `commentary` for nobody is content. The prompt ends within the first header.
final class HarmonyFormat implements ReplyFormat {
  static final String START = "<|start|>";
  static final String CHANNEL = "<|channel|>";
  static final String MESSAGE = "<|message|>";
  static final String FUNCTIONS = "functions.";

  /// What ends a message; two of them end the answer.
  static final List<String> ENDS = List.of("<|end|>", "<|return|>", "<|call|>");

  private static final String CONSTRAIN = "<|constrain|>";
  private static final String ROLE = START + "assistant";

  private static final CallForm CALLS =
      new CallForm(
          "",
          CHANNEL + "commentary to=" + FUNCTIONS,
          " " + CONSTRAIN + "json" + MESSAGE,
          false,
          "",
          ENDS.getFirst() + ROLE,
          "");

  private static final Pattern RECIPIENT = Pattern.compile("to=([^\\s<]{1,256})");

  private final Vocabulary vocabulary;
  private final BitSet markerTokens = new BitSet();

  HarmonyFormat(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    vocabulary.printing().silent().stream()
        .filter(id -> isMarker(vocabulary.text(id)))
        .forEach(markerTokens::set);
  }

  private static boolean isMarker(String text) {
    return ENDS.contains(text) || List.of(START, CHANNEL, MESSAGE, CONSTRAIN).contains(text);
  }

  /// Whether a template writes it.
  static boolean isIn(String source) {
    return source.contains(CHANNEL) && source.contains(ROLE);
  }

  /// For whom a header says that the message is: the name of a tool, or empty.
  static String recipient(String header) {
    Matcher found = RECIPIENT.matcher(header);
    String name = found.find() ? found.group(1) : "";
    return name.startsWith(FUNCTIONS) ? name.substring(FUNCTIONS.length()) : name;
  }

  /// Whether a header begins a thought.
  static boolean isThought(String header) {
    return header.contains(CHANNEL + "analysis");
  }

  @Override
  public ReplyParser parser(List<Tool> tools, String prompt) {
    return new HarmonyParser(this, !tools.isEmpty(), opened(prompt));
  }

  /// The header that a prompt ends in or behind, from its channel on.
  private static String opened(String prompt) {
    int start = prompt.lastIndexOf(ROLE);
    return start < 0 ? "" : prompt.substring(start + ROLE.length());
  }

  @Override
  public boolean tellsTools() {
    return true;
  }

  @Override
  public boolean writesCalls() {
    return true;
  }

  @Override
  public CallForm callForm() {
    return CALLS;
  }

  @Override
  public BitSet markerTokens() {
    return (BitSet) markerTokens.clone();
  }

  /// The name of a control token that is a marker; empty for other tokens.
  String marker(int token) {
    return token >= 0 && markerTokens.get(token) ? vocabulary.text(token) : "";
  }
}
