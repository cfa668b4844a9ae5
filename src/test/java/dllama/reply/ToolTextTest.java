package dllama.reply;

import static dllama.reply.Answers.ADD;
import static dllama.reply.Answers.NO_MARKERS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dllama.tokenizer.ChatTemplate;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Tools in plain messages.
class ToolTextTest {
  private static final ReplyFormat PLAIN = ReplyFormat.of(ChatTemplate.CHATML, NO_MARKERS);

  private static final Map<String, Object> CALL =
      Map.of(
          "role",
          "assistant",
          "content",
          "I add.",
          "tool_calls",
          List.of(
              Map.of("function", Map.of("name", "add", "arguments", "{\"a\": 1}")),
              Map.of("function", Map.of("name", "add", "arguments", Map.of("b", "ä")))));

  @Test
  void shouldTellOfToolsInTheSystemMessage() {
    List<Map<String, Object>> messages =
        ToolText.messages(
            PLAIN,
            List.of(
                Map.of("role", "system", "content", "Be kind."),
                Map.of("role", "user", "content", "1+2?")),
            List.of(ADD));
    assertEquals(2, messages.size());
    assertEquals(
        """
        Be kind.

        You may call these functions to help with what the user asks. Each line describes one in JSON:
        <tools>
        {"name": "add", "parameters": {"type": "object"}}
        </tools>

        To call a function, write its name and its arguments, as a JSON object that fits its \
        parameters, exactly like this:
        <tool_call>
        {"name": "NAME", "arguments": {"PARAMETER": VALUE}}
        </tool_call>
        Several calls may follow each other. Write nothing after them: you are then given the \
        results in <tool_response></tool_response>. If no function helps, answer without a call.""",
        messages.getFirst().get("content"));
  }

  @Test
  void shouldBeginWithASystemMessageWhereThereIsNone() {
    List<Map<String, Object>> messages =
        ToolText.messages(PLAIN, List.of(Map.of("role", "user", "content", "?")), List.of(ADD));
    assertEquals(
        List.of("system", "user"), messages.stream().map(message -> message.get("role")).toList());
  }

  @Test
  void shouldWriteCallsAndResultsAsText() {
    List<Map<String, Object>> messages =
        ToolText.messages(
            PLAIN,
            List.of(
                CALL,
                Map.of("role", "tool", "tool_call_id", "x", "content", "3"),
                Map.of("role", "tool", "content", List.of(Map.of("type", "text", "text", "4")))),
            List.of());
    assertEquals(
        List.of(
            Map.of(
                "role",
                "assistant",
                "content",
                """
                I add.
                <tool_call>
                {"name": "add", "arguments": {"a": 1}}
                </tool_call>
                <tool_call>
                {"name": "add", "arguments": {"b": "ä"}}
                </tool_call>"""),
            Map.of(
                "role",
                "user",
                "content",
                """
                <tool_response>
                3
                </tool_response>
                <tool_response>
                4
                </tool_response>""")),
        messages);
  }

  @Test
  void shouldLeaveToTheTemplateWhatItDoes() {
    ReplyFormat qwen = ReplyFormat.of("{{ tools }} {{ tool_calls }} <tool_call>", NO_MARKERS);
    assertEquals(List.of(CALL), ToolText.messages(qwen, List.of(CALL), List.of(ADD)));
    ReplyFormat distilled = ReplyFormat.of("tool_calls <｜tool▁calls▁begin｜>", NO_MARKERS);
    assertFalse(distilled.tellsTools());
    List<Map<String, Object>> messages = ToolText.messages(distilled, List.of(CALL), List.of(ADD));
    assertEquals(CALL, messages.getLast());
    String told = String.valueOf(messages.getFirst().get("content"));
    assertEquals(true, told.contains("<｜tool▁call▁begin｜>NAME<｜tool▁sep｜>{\"PARAMETER\": VALUE}"));
  }
}
