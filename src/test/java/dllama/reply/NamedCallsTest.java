package dllama.reply;

import static dllama.reply.Answers.NO_MARKERS;
import static dllama.reply.Answers.TOOLS;

import java.util.List;
import org.junit.jupiter.api.Test;

/// Calls that are a name and arguments.
class NamedCallsTest {
  private static final ReplyFormat R1 =
      ReplyFormat.of("<think> <｜tool▁calls▁begin｜> ```json", NO_MARKERS);
  private static final ReplyFormat V31 = ReplyFormat.of("<｜tool▁calls▁begin｜>", NO_MARKERS);
  private static final ReplyFormat KIMI =
      ReplyFormat.of("<|tool_calls_section_begin|>", NO_MARKERS);
  private static final ReplyFormat MISTRAL = ReplyFormat.of("[TOOL_CALLS] [ARGS]", NO_MARKERS);
  private static final ReplyFormat FUNCTIONARY = ReplyFormat.of("<function=", NO_MARKERS);

  private static void check(ReplyFormat format, String text, String... expected) {
    Answers.check(() -> format.parser(TOOLS, ""), text, List.of(expected));
  }

  @Test
  void shouldReadDeepSeeksCalls() {
    check(
        R1,
        """
        <think>
        Two calls.
        </think>

        I look.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather
        ```json
        {"city": "```"}
        ```<｜tool▁call▁end｜>
        <｜tool▁call▁begin｜>function<｜tool▁sep｜>add
        ```json
        {}
        ```<｜tool▁call▁end｜><｜tool▁calls▁end｜>
        """,
        "R Two calls.",
        "C I look.",
        "T weather {\"city\": \"```\"}",
        "T add {}");
    check(
        V31,
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>add<｜tool▁sep｜>{\"a\": \"<｜tool▁sep｜>\"}"
            + "<｜tool▁call▁end｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>{}<｜tool▁call▁end｜>"
            + "<｜tool▁calls▁end｜>.",
        "T add {\"a\": \"<｜tool▁sep｜>\"}",
        "T weather {}",
        "C .");
  }

  @Test
  void shouldReadKimisCalls() {
    check(
        KIMI,
        "Hm<|tool_calls_section_begin|><|tool_call_begin|>functions.add:0"
            + "<|tool_call_argument_begin|>{\"a\": {}}<|tool_call_end|><|tool_call_begin|>weather:1"
            + "<|tool_call_argument_begin|> {}<|tool_call_end|><|tool_calls_section_end|>",
        "C Hm",
        "T add {\"a\": {}}",
        "T weather {}");
  }

  @Test
  void shouldReadMistralsCalls() {
    check(
        MISTRAL,
        "[TOOL_CALLS]add[ARGS]{\"a\": 1}[TOOL_CALLS]weather[CALL_ID]x1[ARGS]{}",
        "T add {\"a\": 1}",
        "T weather {}");
    check(MISTRAL, "[TOOL_CALLS] [{\"name\": \"add\", \"arguments\": {}}]", "T add {}");
    check(MISTRAL, "[TOOL_CALLS]add[ARGS]", "C [TOOL_CALLS]add[ARGS]");
    check(MISTRAL, "a [TOOL_CALL] b", "C a [TOOL_CALL] b");
  }

  @Test
  void shouldReadFunctionarysCalls() {
    check(FUNCTIONARY, "Hm<function=add>{\"a\": 1}</function>", "C Hm", "T add {\"a\": 1}");
    check(FUNCTIONARY, "if a<function=b", "C if a<function=b");
  }

  @Test
  void shouldKeepWhatIsBroken() {
    check(
        V31,
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>add<｜tool▁sep｜>{\"a\":}<｜tool▁call▁end｜>",
        "B add {\"a\":",
        "C }<｜tool▁call▁end｜>");
    check(
        V31,
        "<｜tool▁calls▁begin｜> I do not know <｜tool▁sep｜>",
        "C <｜tool▁calls▁begin｜> I do not know <｜tool▁sep｜>");
    check(
        V31,
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>add<｜tool▁sep｜>{}<｜tool▁call▁",
        "T add {}",
        "C <｜tool▁call▁");
    String name = "a".repeat(500);
    check(MISTRAL, "[TOOL_CALLS]" + name + "[ARGS]{}", "C [TOOL_CALLS]" + name + "[ARGS]{}");
    check(R1, "<｜tool▁calls▁begin｜>", "C <｜tool▁calls▁begin｜>");
  }
}
