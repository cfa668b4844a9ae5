package dllama.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.api.http.Sent;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `/v1/responses`: what is kept, and what is gone on from.
@Tag("slow")
class ResponsesTest extends DialectCase {
  private static JsonNode respond(String more) {
    return post("/v1/responses", "{'model':'m','temperature':0," + more + "}");
  }

  @Test
  void shouldAnswerAResponseWholeAndStreamed() {
    JsonNode whole = respond("'input':'" + QUESTION + "'");
    assertEquals("completed", whole.get("status").asText());
    assertEquals(answer, whole.at("/output/0/content/0/text").asText());
    HttpResponse<String> response =
        server.post(
            "/v1/responses",
            "{\"temperature\":0,\"stream\":true,\"input\":[{\"role\":\"user\",\"content\":"
                + "[{\"type\":\"input_text\",\"text\":\""
                + QUESTION
                + "\"}]}]}");
    List<Sent.Event> events = Sent.read(response.body());
    int number = 0;
    for (Sent.Event event : events) {
      assertEquals(event.name(), event.at("/type"));
      assertEquals(number++, event.data().get("sequence_number").asInt());
    }
    assertEquals(
        List.of(
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added"),
        events.subList(0, 4).stream().map(Sent.Event::name).toList());
    assertEquals("response.completed", events.getLast().name());
    assertEquals(answer, events.getLast().at("/response/output/0/content/0/text"));
    assertEquals(events.getFirst().at("/response/id"), events.getLast().at("/response/id"));
  }

  @Test
  void shouldGoOnFromAResponseAsIfAllWereSaid() {
    JsonNode first = respond("'input':'" + QUESTION + "'");
    String id = first.get("id").asText();
    JsonNode next = respond("'input':'What is 1 + 1?','previous_response_id':'" + id + "'");
    JsonNode said =
        respond(
            "'input':[{'role':'user','content':'%s'},{'role':'assistant','content':'%s'},"
                    .formatted(QUESTION, answer)
                + "{'role':'user','content':'What is 1 + 1?'}]");
    assertEquals(said.at("/output/0/content/0/text"), next.at("/output/0/content/0/text"));
    assertEquals(said.at("/usage/input_tokens"), next.at("/usage/input_tokens"));
  }

  @Test
  void shouldKeepResponsesUntilTheyAreDeleted() {
    JsonNode made = respond("'input':'Hi','max_output_tokens':2");
    String path = "/v1/responses/" + made.get("id").asText();
    assertEquals("incomplete", made.get("status").asText());
    assertEquals("max_output_tokens", made.at("/incomplete_details/reason").asText());
    assertEquals(made, server.json(server.get(path)));
    HttpRequest delete = HttpRequest.newBuilder(server.uri(path)).DELETE().build();
    assertTrue(server.json(server.send(delete)).get("deleted").asBoolean());
    assertEquals(404, server.get(path).statusCode());
    assertEquals(404, server.send(delete).statusCode());
    JsonNode passing = respond("'input':'Hi','store':false,'max_output_tokens':2");
    assertFalse(passing.get("store").asBoolean());
    assertEquals(404, server.get("/v1/responses/" + passing.get("id").asText()).statusCode());
  }

  @Test
  void shouldKeepResponsesForTheKeyThatMadeThem() throws InterruptedException {
    try (ApiTestServer two = new ApiTestServer("api.key=one", "api.key=two").ready()) {
      String body = "{\"input\":\"Hi\",\"max_output_tokens\":2}";
      String id = two.json(two.post("/v1/responses", body, "x-api-key", "one")).get("id").asText();
      String path = "/v1/responses/" + id;
      assertEquals(200, two.get(path, "x-api-key", "one").statusCode());
      assertEquals(404, two.get(path, "x-api-key", "two").statusCode());
      String next = body.replace("{", "{\"previous_response_id\":\"%s\",".formatted(id));
      assertEquals(200, two.post("/v1/responses", next, "x-api-key", "one").statusCode());
      assertEquals(404, two.post("/v1/responses", next, "x-api-key", "two").statusCode());
      HttpRequest.Builder delete = HttpRequest.newBuilder(two.uri(path)).DELETE();
      assertEquals(404, two.send(delete.copy().header("x-api-key", "two").build()).statusCode());
      assertEquals(200, two.send(delete.copy().header("x-api-key", "one").build()).statusCode());
    }
  }

  @Test
  void shouldCallAndTakeTheResultOfAResponse() {
    String tools = "'tools':[{'type':'function','name':'f','parameters':" + TOOL + "}]";
    JsonNode asked =
        respond("'input':'Hi'," + tools + ",'tool_choice':{'type':'function','name':'f'}");
    JsonNode call = asked.get("output").get(0);
    assertEquals("function_call", call.get("type").asText());
    assertTrue(ApiTestServer.read(call.get("arguments").asText()).get("n").isInt());
    JsonNode next =
        respond(
            "'previous_response_id':'%s','input':[{'type':'function_call_output','call_id':'%s',"
                    .formatted(asked.get("id").asText(), call.get("call_id").asText())
                + "'output':'9'}],'max_output_tokens':4,"
                + tools);
    assertTrue(next.at("/usage/input_tokens").asInt() > asked.at("/usage/input_tokens").asInt());
  }

  @Test
  void shouldLeaveOutToolsThatOnlyOpenAiHas() {
    String function = "{'type':'function','name':'f','parameters':" + TOOL + "}";
    String others = ",{'type':'web_search'},{'type':'namespace','name':'n','tools':[]}";
    String rest = "'input':'Hi','max_output_tokens':2,'tools':[";
    JsonNode all = respond(rest + function + others + "]");
    JsonNode one = respond(rest + function + "]");
    assertEquals(one.at("/usage/input_tokens"), all.at("/usage/input_tokens"));
  }

  @Test
  void shouldHoldResponsesToASchema() {
    JsonNode held =
        respond(
            "'input':'Hi','text':{'format':{'type':'json_schema','name':'t','schema':"
                + TOOL
                + "}}");
    JsonNode content = ApiTestServer.read(held.at("/output/0/content/0/text").asText());
    assertTrue(List.of(1, 2).contains(content.get("n").asInt()), held.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'stream':false|400|input is required",
        "'input':[]|400|input must not be empty",
        "'input':'Hi','previous_response_id':'resp_0'|404|previous_response_id is not kept",
        "'input':'Hi','background':true|400|background is not possible",
        "'input':'Hi','tools':[{'type':'gadget'}]|400|tools[0].type must be",
        "'input':[{'type':'item_reference','id':'x'}]|400|input[0].type is not possible",
        "'input':[{'type':'function_call_output','output':'x'}]|400|input[0].call_id is required",
        "'input':'Hi','tools':[{'type':'web_search'}],'tool_choice':'required'|400|tool_choice needs tools",
        "'input':'Hi','max_output_tokens':0|400|max_output_tokens must be",
      },
      quoteCharacter = '`')
  void shouldRefuseResponses(String fields, int status, String message) {
    HttpResponse<String> refused =
        server.post("/v1/responses", ("{" + fields + "}").replace('\'', '"'));
    assertEquals(status, refused.statusCode(), refused.body());
    assertTrue(
        server.json(refused).at("/error/message").asText().startsWith(message), refused.body());
  }
}
