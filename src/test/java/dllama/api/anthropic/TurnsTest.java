package dllama.api.anthropic;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.api.http.Fields;
import dllama.api.http.Json;
import dllama.api.service.Ask;
import dllama.session.Conversation;
import org.junit.jupiter.api.Test;

class TurnsTest {
  private static final String CALLED =
      """
      {"role":"assistant","content":[
        {"type":"thinking","thinking":"Hm","signature":""},
        {"type":"redacted_thinking","data":"x"},
        {"type":"text","text":"Let me see."},
        {"type":"tool_use","id":"toolu_1","name":"weather","input":{"city":"Oslo"}},
        {"type":"tool_use","id":"toolu_2","name":"clock","input":{}}]},
      """;

  private static Fields body(String messages, String more) {
    return Fields.parse("{\"messages\":[%s]%s}".formatted(messages, more).getBytes(UTF_8));
  }

  private static JsonNode read(String messages, String more) {
    return Json.read(Json.text(Turns.read(body(messages, more))));
  }

  @Test
  void shouldMakeMessagesOfResultsInFrontOfWhatIsSaidWithThem() {
    JsonNode all =
        read(
            CALLED
                + """
                {"role":"user","content":[
                  {"type":"text","text":"And now?"},
                  {"type":"tool_result","tool_use_id":"toolu_1","content":[
                    {"type":"text","text":"-3 C"}]},
                  {"type":"tool_result","tool_use_id":"toolu_2","is_error":true}]}
                """,
            ",\"system\":[{\"type\":\"text\",\"text\":\"Be brief\"}]");
    assertEquals(5, all.size(), all.toString());
    assertEquals("Be brief", all.at("/0/content").asText());
    assertEquals("Hm", all.at("/1/reasoning_content").asText());
    assertEquals("Let me see.", all.at("/1/content").asText());
    assertEquals("toolu_1", all.at("/1/tool_calls/0/id").asText());
    assertEquals("Oslo", all.at("/1/tool_calls/0/function/arguments/city").asText());
    assertEquals("tool", all.at("/2/role").asText());
    assertEquals("weather", all.at("/2/name").asText());
    assertEquals("-3 C", all.at("/2/content").asText());
    assertEquals("toolu_2", all.at("/3/tool_call_id").asText());
    assertEquals("", all.at("/3/content").asText());
    assertEquals("And now?", all.at("/4/content").asText());
  }

  @Test
  void shouldKeepBlocksOfTextApart() {
    JsonNode all =
        read(
            """
            {"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}
            """,
            "");
    assertEquals("b", all.at("/0/content/1/text").asText());
  }

  private static Conversation conversation(String messages, String more) {
    Ask.Prompt prompt = MessageRequest.prompt(body(messages, more));
    return ((Ask.Prompt.Chat) prompt).conversation();
  }

  @Test
  void shouldGoOnFromTheAssistantsText() {
    String asked = "{\"role\":\"user\",\"content\":\"Hi\"},";
    Conversation begun = conversation(asked + "{\"role\":\"assistant\",\"content\":\"He\"}", "");
    assertEquals("He", begun.begun());
    assertEquals(1, begun.messages().size());
    Conversation called = conversation(asked + CALLED.strip().replaceAll(",$", ""), "");
    assertEquals("", called.begun());
    assertEquals(2, called.messages().size());
  }

  @Test
  void shouldTellTemplatesWhetherThoughtsAreWanted() {
    String asked = "{\"role\":\"user\",\"content\":\"Hi\"}";
    assertEquals(false, conversation(asked, "").variables().get("enable_thinking"));
    Conversation thinks =
        conversation(asked, ",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}");
    assertEquals(true, thinks.variables().get("enable_thinking"));
  }

  @Test
  void shouldShowTemplatesTheToolsThatMayBeCalled() {
    String asked = "{\"role\":\"user\",\"content\":\"Hi\"}";
    String tools =
        ",\"tools\":[{\"name\":\"f\",\"description\":\"d\",\"input_schema\":{\"type\":\"object\"}}]";
    JsonNode shown = Json.read(Json.text(conversation(asked, tools).tools()));
    assertEquals("object", shown.at("/0/function/parameters/type").asText());
    assertEquals("d", shown.at("/0/function/description").asText());
    assertFalse(conversation(asked, tools).tools().isEmpty());
    assertTrue(
        conversation(asked, tools + ",\"tool_choice\":{\"type\":\"none\"}").tools().isEmpty());
  }
}
