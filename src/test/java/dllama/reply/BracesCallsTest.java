package dllama.reply;

import static dllama.reply.Answers.NO_MARKERS;
import static dllama.reply.Answers.TOOLS;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/// Calls and thoughts as Gemma 4 writes them.
class BracesCallsTest {
  private static final ReplyFormat GEMMA4 =
      ReplyFormat.of("tools tool_calls <|channel>thought\\n <|tool_call>call:", NO_MARKERS);

  private static void check(String text, String... expected) {
    Answers.check(() -> GEMMA4.parser(TOOLS, "<|turn>model\n"), text, List.of(expected));
  }

  @Test
  void shouldReadThoughtsAndCalls() {
    check(
        "<|channel>thought\nWhere is it?\n<channel|>I look."
            + "<|tool_call>call:weather{city:<|\"|>Bern<|\"|>,days:3,exact:true}<tool_call|>"
            + "<|tool_call>call:add{}<tool_call|>",
        "R Where is it?",
        "C I look.",
        "T weather {\"city\": \"Bern\", \"days\": 3, \"exact\": true}",
        "T add {}");
    check("<|channel>thought\n<channel|>Yes.", "C Yes.");
  }

  @Test
  void shouldReadValuesOfAllKinds() {
    check(
        "<|tool_call>call:add{a:[1,-2.5,None,null],b:{x:<|\"|>it's \"a\", {b}\n<|\"|>,"
            + "<|\"|>y z<|\"|>:[]},c:<|\"|><|\"|>, d : { } }<tool_call|>",
        "T add {\"a\": [1, -2.5, null, null], \"b\": {\"x\": \"it's \\\"a\\\", {b}\\n\", \"y z\":"
            + " []}, \"c\": \"\", \"d\": {}}");
    check("<|tool_call>call:add{a:\"b\"}<tool_call|>", "T add {\"a\": \"b\"}");
  }

  @Test
  void shouldReadJsonBecauseForcedCallsAreWrittenSo() {
    String call = GEMMA4.callForm().text("weather", "{\"city\": \"Bern\"}");
    assertTrue(call.startsWith("<|tool_call>"), call);
    check(call, "T weather {\"city\": \"Bern\"}");
  }

  @Test
  void shouldTakeWhatIsNoCallForContent() {
    String[] broken = {
      "<|tool_call>weather{}<tool_call|>",
      "<|tool_call>call:weather(city)<tool_call|>",
      "<|tool_call>call:weather{city:Bern}<tool_call|>",
      "<|tool_call>call:weather{:1}<tool_call|>",
      "<|tool_call>call:weather{a:1,}<tool_call|>",
      "<|tool_call>call:weather{a:[1,]}<tool_call|>",
      "<|tool_call>call:weather{a:[1}]<tool_call|>",
      "<|tool_call>call:weather{a:1}}<tool_call|>",
      "<|tool_call>call:weather{a:<|\"|>b",
      "<|tool_call>call:weather{a:1}",
      "<|tool_call>call:{a:1}<tool_call|>",
      "<|tool_call>call:weather{a:" + "[".repeat(80) + "]".repeat(80) + "}<tool_call|>",
    };
    for (String text : broken) {
      check(text, "C " + text);
    }
  }

  /// As a prompt ends that asks for no thought.
  @Test
  void shouldSeeThatAThoughtIsOverBeforeTheAnswer() {
    Answers.check(
        () -> GEMMA4.parser(TOOLS, "<|turn>model\n<|channel>thought\n<channel|>"),
        "It is 3.",
        List.of("C It is 3."));
  }
}
