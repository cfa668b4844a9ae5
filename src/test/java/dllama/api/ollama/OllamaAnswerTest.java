package dllama.api.ollama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.api.http.ApiException;
import dllama.api.http.EventStream.Framing;
import dllama.api.http.Json;
import dllama.api.http.Sent;
import dllama.api.ollama.OllamaAnswer.Form;
import dllama.api.service.AnswerEvent;
import dllama.api.service.AnswerEvent.Finish;
import dllama.api.service.Scenes;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OllamaAnswerTest {
  private final Sent sent = new Sent(Framing.LINES);

  @AfterEach
  void close() {
    sent.close();
  }

  private List<JsonNode> lines(Form form, boolean thoughts, List<AnswerEvent> answer) {
    OllamaAnswer lines = new OllamaAnswer(sent.events(), form, "m:latest", thoughts);
    answer.forEach(lines::test);
    return sent.text().lines().map(Json::read).toList();
  }

  @Test
  void shouldSendThoughtsTextsAndWholeCalls() {
    List<JsonNode> lines = lines(Form.CHAT, true, Scenes.calls());
    assertEquals(7, lines.size(), lines.toString());
    assertEquals("Hm", lines.get(0).at("/message/thinking").asText());
    assertEquals("", lines.get(0).at("/message/content").asText());
    assertEquals("Let me ", lines.get(2).at("/message/content").asText());
    JsonNode call = lines.get(4).at("/message/tool_calls/0/function");
    assertEquals("weather", call.get("name").asText());
    assertEquals("Oslo", call.at("/arguments/city").asText(), "an object");
    assertEquals(1, lines.get(5).at("/message/tool_calls/0/function/index").asInt());
    for (JsonNode line : lines.subList(0, 6)) {
      assertFalse(line.get("done").asBoolean());
      assertEquals("m:latest", line.get("model").asText());
    }
    JsonNode last = lines.getLast();
    assertTrue(last.get("done").asBoolean());
    assertEquals("stop", last.get("done_reason").asText());
    assertEquals(40, last.get("prompt_eval_count").asInt());
    assertEquals(12, last.get("eval_count").asInt());
    assertEquals(9_000_000, last.get("total_duration").asLong());
    assertEquals(6_000_000, last.get("eval_duration").asLong());
  }

  @Test
  void shouldSendWhatGoesOnBesideTheModel() {
    List<JsonNode> lines =
        lines(
            Form.TEXT,
            false,
            List.of(
                new AnswerEvent.Reasoning("Hm", List.of()),
                new AnswerEvent.Content("A", List.of()),
                Scenes.ended(Finish.LENGTH)));
    assertEquals(2, lines.size());
    assertEquals("A", lines.getFirst().get("response").asText());
    assertFalse(lines.getFirst().has("message"));
    assertEquals("", lines.getLast().get("response").asText());
    assertEquals("length", lines.getLast().get("done_reason").asText());
  }

  @Test
  void shouldSendACallThatWasCutOffWithoutArguments() {
    List<JsonNode> lines =
        lines(
            Form.CHAT,
            true,
            List.of(
                new AnswerEvent.CallBegin(0, "call_0", "f"),
                new AnswerEvent.CallArguments(0, "{\"a\":"),
                Scenes.ended(Finish.LENGTH)));
    assertTrue(lines.getFirst().at("/message/tool_calls/0/function/arguments").isObject());
    assertTrue(lines.getFirst().at("/message/tool_calls/0/function/arguments").isEmpty());
  }

  @Test
  void shouldTellOfAnErrorAndEnd() {
    ApiException why = ApiException.later(503, "a node was lost", "not_ready", 5);
    List<JsonNode> lines = lines(Form.CHAT, true, List.of(new AnswerEvent.Failed(why)));
    assertEquals("{\"error\":\"a node was lost\"}", lines.getFirst().toString());
  }
}
