package dllama.reply;

import dllama.reply.JsonSyntax.Shape;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.List;
import java.util.function.Predicate;

/// Tells the format of a template by what stands in its source.
final class Detection {
  /// A syntax, and what tells it.
  private record Known(Predicate<String> sign, ToolSyntax syntax) {}

  /// As Nous Research's Hermes, Qwen 2.5 and 3, and most others do it.
  static final ToolSyntax HERMES = JsonSyntax.objects("<tool_call>", "</tool_call>");

  private static final String DEEPSEEK = "<｜tool▁calls▁begin｜>";
  private static final String DEEPSEEK_CALL = "<｜tool▁call▁begin｜>";
  private static final String DEEPSEEK_SEPARATOR = "<｜tool▁sep｜>";
  private static final String DEEPSEEK_CALL_END = "<｜tool▁call▁end｜>";
  private static final String DEEPSEEK_END = "<｜tool▁calls▁end｜>";

  /// The first whose sign is there. What is more special comes first.
  private static final List<Known> KNOWN =
      List.of(
          new Known(
              source -> source.contains(DEEPSEEK) && source.contains("```json"),
              new NamedSyntax(
                  DEEPSEEK,
                  DEEPSEEK_CALL + "function" + DEEPSEEK_SEPARATOR,
                  "```json",
                  List.of("```", DEEPSEEK_CALL_END),
                  DEEPSEEK_END,
                  "")),
          named(
              DEEPSEEK,
              new NamedSyntax(
                  DEEPSEEK,
                  DEEPSEEK_CALL,
                  DEEPSEEK_SEPARATOR,
                  List.of(DEEPSEEK_CALL_END),
                  DEEPSEEK_END,
                  "")),
          named(
              "<|tool_calls_section_begin|>",
              new NamedSyntax(
                  "<|tool_calls_section_begin|>",
                  "<|tool_call_begin|>",
                  "<|tool_call_argument_begin|>",
                  List.of("<|tool_call_end|>"),
                  "<|tool_calls_section_end|>",
                  ":")),
          named(
              "<|tool_call>call:",
              new BracesSyntax("<|tool_call>", "call:", "<|\"|>", "<tool_call|>")),
          named(MistralSyntax.ARGUMENTS, new MistralSyntax(true)),
          named(MistralSyntax.OPENING, new MistralSyntax(false)),
          named("<minimax:tool_call>", inTags("minimax:tool_call", "<invoke name=", "name=")),
          named("<seed:tool_call>", inTags("seed:tool_call", "<function=", "=")),
          new Known(
              source -> source.contains("<function=") && source.contains("<tool_call>"),
              inTags("tool_call", "<function=", "=")),
          new Known(
              source -> source.contains("<arg_key>"),
              new TaggedSyntax(
                  "<tool_call>",
                  "",
                  "\n<",
                  "<arg_key>",
                  "</arg_key>",
                  "<arg_value>",
                  "</arg_value>",
                  "",
                  "</tool_call>")),
          new Known(
              source -> source.contains("Action:") && source.contains("\"tool_name\""),
              new JsonSyntax(
                  List.of("Action:\n```json\n", "Action:```json"),
                  "```",
                  Shape.LIST,
                  "tool_name",
                  "parameters")),
          new Known(
              source ->
                  source.contains("<|tool_call_start|>")
                      || source.contains("<|tool_list_start|>")
                      || (source.contains("List of tools: [") && source.contains("<|im_start|>")),
              new PythonSyntax("<|tool_call_start|>", "<|tool_call_end|>")),
          named("<tool_calls>", JsonSyntax.list("<tool_calls>", "</tool_calls>")),
          named("<tool_call>", HERMES),
          named(
              "<|START_ACTION|>",
              new JsonSyntax(
                  List.of("<|START_ACTION|>"),
                  "<|END_ACTION|>",
                  Shape.LIST,
                  "tool_name",
                  "parameters")),
          named(
              "<|tools_prefix|>",
              new JsonSyntax(
                  List.of("<|tools_prefix|>"), "<|tools_suffix|>", Shape.LIST_BY_NAME, "", "")),
          named("<|tool_call|>", JsonSyntax.list("<|tool_call|>", "")),
          named("functools[", JsonSyntax.list("functools", "")),
          named(
              "<function=", new NamedSyntax("<function=", "", ">", List.of("</function>"), "", "")),
          new Known(
              source ->
                  source.contains("<|python_tag|>")
                      || (source.contains("<|start_header_id|>") && source.contains("ipython")),
              JsonSyntax.bare("<|python_tag|>")));

  /// Marks around content, which are not shown.
  private static final List<String> FRAMES =
      List.of(
          "<|START_TEXT|>",
          "<|END_TEXT|>",
          "<|START_RESPONSE|>",
          "<|END_RESPONSE|>",
          "[END FINAL RESPONSE]");

  private Detection() {}

  private static Known named(String sign, ToolSyntax syntax) {
    return new Known(source -> source.contains(sign), syntax);
  }

  private static TaggedSyntax inTags(String tag, String begin, String assign) {
    boolean attributes = assign.startsWith("name");
    return new TaggedSyntax(
        "<" + tag + ">",
        begin,
        ">",
        "<parameter" + (attributes ? " " : "") + assign,
        ">",
        "",
        "</parameter>",
        attributes ? "</invoke>" : "</function>",
        "</" + tag + ">");
  }

  static ReplyFormat of(String source, Vocabulary vocabulary) {
    if (HarmonyFormat.isIn(source)) {
      return new HarmonyFormat(vocabulary);
    }
    ToolSyntax syntax =
        KNOWN.stream()
            .filter(known -> known.sign().test(source))
            .findFirst()
            .map(Known::syntax)
            .orElse(null);
    List<String> frames = FRAMES.stream().filter(source::contains).toList();
    return new MarkedFormat(
        Thinking.of(source, vocabulary).orElse(null),
        syntax == null ? HERMES : syntax,
        frames,
        syntax != null && source.contains("tools"),
        syntax != null && source.contains("tool_calls"),
        vocabulary);
  }
}
