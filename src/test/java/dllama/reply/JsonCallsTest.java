package dllama.reply;

import static dllama.reply.Answers.NO_MARKERS;
import static dllama.reply.Answers.TOOLS;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Calls that are JSON objects.
class JsonCallsTest {
  private static final ReplyFormat HERMES = ReplyFormat.of("tools <tool_call>", NO_MARKERS);
  private static final ReplyFormat LLAMA = ReplyFormat.of("tools <|python_tag|>", NO_MARKERS);
  private static final ReplyFormat NEMO = ReplyFormat.of("tools [TOOL_CALLS]", NO_MARKERS);
  private static final ReplyFormat APRIEL = ReplyFormat.of("tools <tool_calls>", NO_MARKERS);
  private static final ReplyFormat COHERE = ReplyFormat.of("tools <|START_ACTION|>", NO_MARKERS);
  private static final ReplyFormat APERTUS = ReplyFormat.of("tools <|tools_prefix|>", NO_MARKERS);

  private static void check(ReplyFormat format, String text, String... expected) {
    Answers.check(() -> format.parser(TOOLS, ""), text, List.of(expected));
  }

  private static void hermes(String json, String... expected) {
    check(HERMES, "<tool_call>\n" + json + "\n</tool_call>", expected);
  }

  @Test
  void shouldReadHermesCallsWithTextAround() {
    check(
        HERMES,
        """
        Let me look.
        <tool_call>
        {"name": "weather", "arguments": {"city": "Köln", "days": 2}}
        </tool_call>
        <tool_call>
        {"name": "add", "arguments": {"a": [1, {"b": null}], "c": -1.5e3}}
        </tool_call>
        Done.""",
        "C Let me look.",
        "T weather {\"city\": \"Köln\", \"days\": 2}",
        "T add {\"a\": [1, {\"b\": null}], \"c\": -1.5e3}",
        "C Done.");
  }

  @Test
  void shouldTakeFieldsInAnyOrder() {
    hermes("{\"arguments\": {\"a\": 1}, \"name\": \"add\"}", "T add {\"a\": 1}");
    hermes("{\"id\": [1, {}], \"name\":\"add\", \"n\": 1, \"arguments\":{}}", "T add {}");
    hermes("{\"type\":\"function\",\"function\":{\"name\":\"add\",\"arguments\":{}}}", "T add {}");
    hermes("{\"name\": \"add\", \"parameters\": {\"a\":1}, \"x\": \"}\"}", "T add {\"a\":1}");
  }

  @Test
  void shouldTakeNoArgumentsAndArgumentsInAText() {
    hermes("{\"name\": \"add\"}", "T add {}");
    hermes("{\"name\": \"add\", \"arguments\": null}", "T add {}");
    hermes(
        "{\"name\":\"add\",\"arguments\":\"{\\\"a\\\": \\\"\\u00e4\\\\n\\\"} \"}",
        "T add {\"a\": \"ä\\n\"}");
    hermes("{\"arguments\":\"{}\",\"name\":\"add\"}", "T add {}");
  }

  @Test
  void shouldNotBeMisledByTexts() {
    hermes(
        "{\"name\":\"add\",\"arguments\":{\"a\":\"}]</tool_call>\\\"{\",\"\\\\\":\"\\ud83c\\udf55 🍕\"}}",
        "T add {\"a\":\"}]</tool_call>\\\"{\",\"\\\\\":\"\\ud83c\\udf55 🍕\"}");
    hermes("{\"n\\u0061me\":\"a\\u0064d\",\"arguments\":{}}", "T add {}");
  }

  /// Models write them, and JSON does not know them.
  @Test
  void shouldEscapeLineBreaksWithinTexts() {
    hermes("{\"name\":\"add\",\"arguments\":{\"a\":\"b\n\tc\"}}", "T add {\"a\":\"b\\n\\tc\"}");
  }

  @Test
  void shouldTakeWhatIsNoCallForContent() {
    for (String json :
        List.of(
            "no JSON",
            "{}",
            "[]",
            "{\"arguments\": {\"a\": 1}}",
            "{\"name\": 1}",
            "{\"name\": \"\"}",
            "{\"name\": \"a<b\", \"arguments\": {}}",
            "{\"name\": \"a\\qb\", \"arguments\": {}}",
            "{\"name\": \"add\" \"arguments\": {}}",
            "{\"name\": \"add\", \"arguments\": [1]}",
            "{\"name\": \"add\", \"arguments\": 1}",
            "{\"name\": \"" + "a".repeat(300) + "\", \"arguments\": {}}",
            "{\"arguments\": {\"a\": 1,}, \"name\": \"add\"}")) {
      hermes(json, "C <tool_call>\n" + json + "\n</tool_call>");
    }
  }

  @Test
  void shouldKeepWhatFollowsBrokenArguments() {
    hermes(
        "{\"name\": \"add\", \"arguments\": {\"a\": 1,}}",
        "B add {\"a\": 1,",
        "C }}\n</tool_call>");
    check(
        HERMES,
        "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":tru<tool_call>"
            + "{\"name\":\"add\",\"arguments\":{}}</tool_call>",
        "B add {\"a\":tru",
        "T add {}");
  }

  @Test
  void shouldTellHowFarACallCameThatIsCutOff() {
    check(HERMES, "<tool_call>{\"name\":\"add\"", "C <tool_call>{\"name\":\"add\"");
    check(HERMES, "<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":\"b", "B add {\"a\":\"b");
    check(HERMES, "<tool_call>{\"name\":\"add\",\"arguments\":{}", "T add {}");
    check(HERMES, "<tool_call>{\"name\":\"add\",\"arguments\":{}}\n", "T add {}");
    check(HERMES, "<tool_call>{\"name\":\"add\",\"arguments\":{}}</too", "T add {}", "C </too");
  }

  @Test
  void shouldKeepWhatFollowsACallWithinItsMarkers() {
    hermes("{\"name\":\"add\"}}", "T add {}", "C }\n</tool_call>");
    hermes("{\"name\":\"add\"}\n{\"name\":\"weather\"}", "T add {}", "T weather {}");
  }

  @Test
  void shouldReadLlamasAnswersThatAreCalls() {
    check(LLAMA, "{\"name\": \"add\", \"parameters\": {\"a\": 1}}", "T add {\"a\": 1}");
    check(LLAMA, " \n{\"name\":\"add\",\"parameters\":{}}\n", "T add {}");
    check(LLAMA, "<|python_tag|>{\"name\":\"add\",\"parameters\":{}}", "T add {}");
    check(LLAMA, "{\"type\":\"function\",\"name\":\"add\",\"parameters\":{}}", "T add {}");
    check(
        LLAMA,
        "{\"name\":\"add\",\"parameters\":{}}; {\"name\":\"weather\",\"parameters\":{}}",
        "T add {}",
        "T weather {}");
  }

  /// An answer in JSON that is none of the tools' is an answer.
  @Test
  void shouldTakeOtherJsonOfLlamasForContent() {
    for (String text :
        List.of(
            "{\"name\": \"Bob\", \"age\": 3}",
            "{\"title\": \"x\"}",
            "{",
            "{\"name\": \"add\", \"sum\": 3}",
            "Call {\"name\": \"add\", \"parameters\": {}}",
            "<|python_tag|>print(\"Hello\")")) {
      check(LLAMA, text, "C " + text);
    }
    check(LLAMA, "{\"name\":\"add\",\"parameters\":{}}; and", "T add {}", "C ; and");
    check(LLAMA, "{\"name\":\"add\",\"parameters\":{}} and", "T add {}", "C and");
  }

  @Test
  void shouldReadListsOfCalls() {
    String calls =
        "[{\"name\": \"add\", \"arguments\": {\"a\": \"]\"}, \"id\": \"x\"},"
            + " {\"name\": \"weather\", \"arguments\": {}}]";
    String[] expected = {"T add {\"a\": \"]\"}", "T weather {}"};
    check(NEMO, "[TOOL_CALLS]" + calls, expected);
    check(NEMO, "[TOOL_CALLS] " + calls + "\n", expected);
    check(APRIEL, "\n<tool_calls>" + calls + "</tool_calls>", expected);
    check(NEMO, "Hm [1]. [TOOL_CALLS][]", "C Hm [1].");
    check(NEMO, "[TOOL_CALLS][1]", "C [TOOL_CALLS][1]");
    check(
        COHERE,
        """
        <|START_ACTION|>[
            {"tool_call_id": "0", "tool_name": "add", "parameters": {}},
            {"tool_call_id": "1", "tool_name": "weather", "parameters": {}}
        ]<|END_ACTION|>""",
        "T add {}",
        "T weather {}");
    check(
        APERTUS,
        "Hm<|tools_prefix|>[{\"add\": {\"a\": 1}}, {\"weather\": {}}]<|tools_suffix|>",
        "C Hm",
        "T add {\"a\": 1}",
        "T weather {}");
  }

  /// Arguments come as the model writes them.
  @Test
  void shouldTellArgumentsAsTheyCome() {
    ReplyParser parser = HERMES.parser(TOOLS, "");
    List<ReplyPart> parts = new ArrayList<>();
    parser.accept("<tool_call>{\"name\":\"add\",\"arguments\":{\"a\":", parts::add);
    parser.accept("\"b", parts::add);
    parser.accept("c\"}", parts::add);
    parser.accept("}</tool_call>", parts::add);
    parser.finish(parts::add);
    assertEquals(
        List.of(
            new ReplyPart.ToolCallBegin(0, "add"),
            new ReplyPart.ToolCallArguments(0, "{\"a\":"),
            new ReplyPart.ToolCallArguments(0, "\"b"),
            new ReplyPart.ToolCallArguments(0, "c\"}"),
            new ReplyPart.ToolCallEnd(0)),
        parts);
  }
}
