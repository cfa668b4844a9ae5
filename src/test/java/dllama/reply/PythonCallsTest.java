package dllama.reply;

import static dllama.reply.Answers.NO_MARKERS;
import static dllama.reply.Answers.TOOLS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dllama.template.Limits;
import dllama.template.Template;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Calls as Python writes them, and what else is told by a template that does not write calls.
class PythonCallsTest {
  private static final ReplyFormat LFM2 =
      ReplyFormat.of("tools <|tool_list_start|> <think>", NO_MARKERS);

  private static void check(String text, String... expected) {
    Answers.check(() -> LFM2.parser(TOOLS, ""), text, List.of(expected));
  }

  @Test
  void shouldReadCalls() {
    check(
        "<think>\nHm.</think>I look. <|tool_call_start|>[weather(city='Bern', days=3, exact=True), "
            + "add()]<|tool_call_end|>Done.",
        "R Hm.",
        "C I look.",
        "T weather {\"city\": \"Bern\", \"days\": 3, \"exact\": true}",
        "T add {}",
        "C Done.");
    check(
        "<|tool_call_start|>[add(a=[1, -2.5, None], b={'x': \"it's\", \"y\": 'a \"b\"'}, c='')]"
            + "<|tool_call_end|>",
        "T add {\"a\": [1, -2.5, null], \"b\": {\"x\": \"it's\", \"y\": \"a \\\"b\\\"\"}, \"c\":"
            + " \"\"}");
  }

  @Test
  void shouldReadTextsAsPythonHasThem() {
    check(
        "<|tool_call_start|>[add(a='), add(b=\\'1\\'', b=\"\\x41\\u00e9\\n\\d\", c='[', d=\"\n\")]"
            + "<|tool_call_end|>",
        "T add {\"a\": \"), add(b='1'\", \"b\": \"\\u0041\\u00e9\\n"
            + "\\\\d\", \"c\": \"[\", \"d\": \"\\n"
            + "\"}");
  }

  @Test
  void shouldReadJsonBecauseForcedCallsAreWrittenSo() {
    String call = LFM2.callForm().text("weather", "{\"city\": \"Bern\"}");
    assertTrue(call.startsWith("<|tool_call_start|>"), call);
    check(call, "T weather {\"city\": \"Bern\"}");
  }

  @Test
  void shouldTakeWhatIsNoCallForContent() {
    String[] broken = {
      "<|tool_call_start|>weather(city='Bern')<|tool_call_end|>",
      "<|tool_call_start|>[weather('Bern')]<|tool_call_end|>",
      "<|tool_call_start|>[add(a=b)]<|tool_call_end|>",
      "<|tool_call_start|>[add(a=1+2j)]<|tool_call_end|>",
      "<|tool_call_start|>[add(a=(1, 2))]<|tool_call_end|>",
      "<|tool_call_start|>[add(a={]})]<|tool_call_end|>",
      "<|tool_call_start|>[add(a=1",
      "<|tool_call_start|>[",
    };
    for (String text : broken) {
      check(text, "C " + text);
    }
    check("<|tool_call_start|>[add(a=1), weather(", "T add {\"a\": 1}", "C , weather(");
  }

  @Test
  void shouldTellFormatsByTheirTemplates() {
    assertTrue(ReplyFormat.of("tools 'List of tools: [' <|im_start|>", NO_MARKERS).tellsTools());
    assertEquals(
        LFM2.callForm(),
        ReplyFormat.of("tools 'List of tools: [' <|im_start|>", NO_MARKERS).callForm());
    ReplyFormat commandR =
        ReplyFormat.of("tools tool_calls 'Action:\\n```json' \"tool_name\": ", NO_MARKERS);
    Answers.check(
        () -> commandR.parser(TOOLS, ""),
        "I will look.\nAction:\n```json\n[\n    {\n        \"tool_name\": \"weather\",\n"
            + "        \"parameters\": {\n            \"city\": \"```\"\n        }\n    }\n]```",
        List.of("C I will look.", "T weather {\n            \"city\": \"```\"\n        }"));
    Answers.check(
        () -> commandR.parser(TOOLS, ""),
        commandR.callForm().text("add", "{\"a\": 1}"),
        List.of("T add {\"a\": 1}"));
  }

  /// With and without thoughts, by what the prompt ends with.
  @Test
  void shouldReadSmolLm3() throws IOException {
    String source =
        "{# tools #}{% if xml_tools %}<tool_call>{% endif %}<|im_start|>assistant\n"
            + "{% if not enable_thinking %}<think>\n\n</think>\n{% endif %}";
    ReplyFormat format = ReplyFormat.of(source, NO_MARKERS);
    for (boolean thinks : new boolean[] {true, false}) {
      String prompt =
          Template.parse(source)
              .render(Map.of("enable_thinking", thinks), Limits.DEFAULT, Clock.systemUTC());
      String answer =
          (thinks ? "<think>\nWhere?\n</think>\n" : "")
              + "Look:\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"days\": 1}}\n"
              + "</tool_call>";
      List<String> expected = List.of("C Look:", "T weather {\"days\": 1}");
      Answers.check(
          () -> format.parser(TOOLS, prompt),
          answer,
          thinks ? List.of("R Where?", expected.get(0), expected.get(1)) : expected);
    }
  }
}
