package dllama.reply;

import static dllama.reply.Answers.NO_MARKERS;
import static dllama.reply.Answers.TOOLS;

import java.util.List;
import org.junit.jupiter.api.Test;

/// Calls whose arguments are tags.
class TaggedCallsTest {
  private static final ReplyFormat CODER =
      ReplyFormat.of("tools <tool_call> <function=", NO_MARKERS);
  private static final ReplyFormat GLM = ReplyFormat.of("tools <tool_call> <arg_key>", NO_MARKERS);
  private static final ReplyFormat MINIMAX =
      ReplyFormat.of("tools <minimax:tool_call>", NO_MARKERS);
  private static final ReplyFormat SEED = ReplyFormat.of("tools <seed:tool_call>", NO_MARKERS);

  private static void check(ReplyFormat format, String text, String... expected) {
    Answers.check(() -> format.parser(TOOLS, ""), text, List.of(expected));
  }

  /// One argument of a call.
  private static void checkValue(String key, String value, String json) {
    check(
        CODER,
        "<tool_call>\n<function=weather>\n<parameter=%s>\n%s\n</parameter>\n</function>\n</tool_call>"
            .formatted(key, value),
        "T weather {\"%s\": %s}".formatted(key, json));
  }

  @Test
  void shouldReadQwenCodersCalls() {
    check(
        CODER,
        """
        I look.
        <tool_call>
        <function=weather>
        <parameter=city>
        Köln
        </parameter>
        <parameter=days>
        2
        </parameter>
        </function>
        </tool_call>
        <tool_call>
        <function=add>
        </function>
        </tool_call>""",
        "C I look.",
        "T weather {\"city\": \"Köln\", \"days\": 2}",
        "T add {}");
  }

  @Test
  void shouldMakeOfValuesWhatTheSchemaSays() {
    checkValue("city", "a \"b\" \\ c\nd\n", "\"a \\\"b\\\" \\\\ c\\nd\\n\"");
    checkValue("city", "1 < 2 </para </parameter", "\"1 < 2 </para </parameter\"");
    checkValue("city", "", "\"\"");
    checkValue("city", "null", "\"null\"");
    checkValue("city", "42", "\"42\"");
    checkValue("unknown", "42", "\"42\"");
    checkValue("days", "42", "42");
    checkValue("days", "forty-two", "\"forty-two\"");
    checkValue("days", "4.5", "\"4.5\"");
    checkValue("exact", "True", "true");
    checkValue("exact", "false", "false");
    checkValue("note", "null", "null");
    checkValue("note", "None of it", "\"None of it\"");
    checkValue("where", "{\"a\": [1, \"</param\"]}", "{\"a\": [1, \"</param\"]}");
    checkValue("where", "{'a': 1}", "\"{'a': 1}\"");
    checkValue("where", "[1,\n 2]", "[1,\n 2]");
  }

  @Test
  void shouldReadOtherModelsCalls() {
    check(
        GLM,
        """
        <tool_call>weather
        <arg_key>city</arg_key>
        <arg_value>Köln</arg_value>
        <arg_key>days</arg_key>
        <arg_value>2</arg_value>
        </tool_call>
        <tool_call>add
        </tool_call><tool_call>add</tool_call>""",
        "T weather {\"city\": \"Köln\", \"days\": 2}",
        "T add {}",
        "T add {}");
    check(
        MINIMAX,
        """
        <minimax:tool_call>
        <invoke name="weather">
        <parameter name="city">Köln</parameter>
        <parameter name="days">2</parameter>
        </invoke>
        <invoke name="add">
        </invoke>
        </minimax:tool_call>""",
        "T weather {\"city\": \"Köln\", \"days\": 2}",
        "T add {}");
    check(
        SEED,
        """
        <seed:tool_call>
        <function=weather>
        <parameter=city>Köln</parameter>
        </function>
        </seed:tool_call>""",
        "T weather {\"city\": \"Köln\"}");
  }

  @Test
  void shouldForgiveMarkersThatAreLeftOut() {
    check(CODER, "<function=add>\n</function>\n</tool_call>", "T add {}");
    check(CODER, "<function=add>\n</function>\n", "T add {}");
    check(CODER, "<tool_call><function=add></tool_call>", "T add {}");
    check(
        CODER,
        "<tool_call><function=add></function><function=add></function>",
        "T add {}",
        "T add {}");
  }

  /// The form that calls are forced into.
  @Test
  void shouldTakeJsonAsWell() {
    for (ReplyFormat format : List.of(CODER, GLM, MINIMAX, SEED)) {
      check(format, format.callForm().text("add", "{\"a\": 1}"), "T add {\"a\": 1}");
    }
  }

  @Test
  void shouldKeepWhatIsBroken() {
    check(CODER, "<tool_call>\nHm</tool_call>", "C <tool_call>\nHm</tool_call>");
    check(CODER, "a <function=>", "C a <function=>");
    check(CODER, "<tool_call><function=weather><parameter=city>Kö", "B weather {\"city\": \"Kö");
    check(CODER, "<tool_call><function=weather><parameter=days>2", "B weather {\"days\": ", "C 2");
    check(
        CODER,
        "<tool_call><function=weather><parameter=days>2</parameter>Hm</tool_call>",
        "B weather {\"days\": 2",
        "C Hm</tool_call>");
  }
}
