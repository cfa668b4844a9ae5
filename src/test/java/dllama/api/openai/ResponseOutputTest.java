package dllama.api.openai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.api.http.ApiException;
import dllama.api.http.Json;
import dllama.api.service.AnswerEvent;
import dllama.api.service.AnswerEvent.Finish;
import dllama.api.service.Scenes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResponseOutputTest {
  private final List<String> types = new ArrayList<>();
  private final List<JsonNode> told = new ArrayList<>();

  private final ResponseOutput output =
      new ResponseOutput(
          new ResponseOutput.Listener() {
            @Override
            public boolean tell(String type, Map<String, Object> fields) {
              types.add(type);
              told.add(Json.read(Json.text(fields)));
              return true;
            }

            @Override
            public boolean end(ResponseOutput all) {
              types.add("end");
              return true;
            }
          });

  @Test
  void shouldTellOfItemsTheirPartsAndTheirText() {
    Scenes.calls().forEach(output::test);
    assertEquals(
        List.of(
            "output_item.added",
            "content_part.added",
            "reasoning_text.delta",
            "reasoning_text.delta",
            "reasoning_text.done",
            "content_part.done",
            "output_item.done",
            "output_item.added",
            "content_part.added",
            "output_text.delta",
            "output_text.delta",
            "output_text.done",
            "content_part.done",
            "output_item.done",
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
            "end"),
        types);
    assertEquals("in_progress", told.get(0).at("/item/status").asText());
    assertEquals("Hmm.", told.get(4).at("/text").asText());
    assertEquals(1, told.get(9).at("/output_index").asInt());
    assertEquals(told.get(7).at("/item/id"), told.get(9).at("/item_id"));
    assertEquals("Let me see.", told.get(13).at("/item/content/0/text").asText());
    assertEquals("call_0a", told.get(14).at("/item/call_id").asText());
    assertEquals("{\"city\":\"Oslo\"}", told.get(17).at("/arguments").asText());
    JsonNode items = Json.read(Json.text(output.items()));
    assertEquals(4, items.size());
    assertEquals("Hmm.", items.at("/0/content/0/text").asText());
    assertEquals("output_text", items.at("/1/content/0/type").asText());
    assertEquals("completed", items.at("/1/status").asText());
    assertEquals("clock", items.at("/3/name").asText());
  }

  @Test
  void shouldBeIncompleteWhereItWasCutOff() {
    output.test(new AnswerEvent.Content("A", List.of()));
    output.test(Scenes.ended(Finish.LENGTH));
    assertEquals("incomplete", output.items().getFirst().get("status"));
    assertEquals(Finish.LENGTH, output.ended().finish());
  }

  @Test
  void shouldHaveAMessageThoughNothingWasSaid() {
    output.test(Scenes.ended(Finish.STOP));
    assertEquals("message", output.items().getFirst().get("type"));
  }

  @Test
  void shouldFailWithTheAnswer() {
    output.test(new AnswerEvent.Failed(ApiException.later(503, "lost", "not_ready", 5)));
    assertEquals("lost", assertThrows(ApiException.class, output::ended).message());
  }

  @Test
  void shouldGiveTheModelBackWhatItDidInOneTurn() {
    Scenes.calls().forEach(output::test);
    ResponseItems items = new ResponseItems("Be brief");
    Map<String, Object> input = Map.of("input", output.items());
    dllama.api.http.Fields.parse(Json.bytes(input)).objects("input").forEach(items::add);
    JsonNode messages = Json.read(Json.text(items.messages()));
    assertEquals(2, messages.size(), messages.toString());
    assertEquals("Be brief", messages.at("/0/content").asText());
    assertEquals("assistant", messages.at("/1/role").asText());
    assertEquals("Hmm.", messages.at("/1/reasoning_content").asText());
    assertEquals("Let me see.", messages.at("/1/content").asText());
    assertEquals("Oslo", messages.at("/1/tool_calls/0/function/arguments/city").asText());
    assertEquals("call_1b", messages.at("/1/tool_calls/1/id").asText());
  }
}
