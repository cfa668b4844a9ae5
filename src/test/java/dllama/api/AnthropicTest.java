package dllama.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.api.http.Sent;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `/v1/messages`, as the SDK of its makers and the recorded requests use it.
@Tag("slow")
class AnthropicTest extends DialectCase {
  @Test
  void shouldAnswerAMessageWholeAndStreamed() {
    String request = body("'max_tokens':40,'temperature':0");
    JsonNode whole = post("/v1/messages", request);
    assertEquals(answer, whole.at("/content/0/text").asText());
    assertEquals("end_turn", whole.get("stop_reason").asText());
    HttpResponse<String> response =
        server.post("/v1/messages", body("'max_tokens':40,'temperature':0,'stream':true"));
    List<Sent.Event> events = Sent.read(response.body());
    String text =
        events.stream()
            .filter(event -> event.name().equals("content_block_delta"))
            .map(event -> event.at("/delta/text"))
            .collect(Collectors.joining());
    assertEquals(answer, text);
    assertEquals(
        whole.at("/usage/output_tokens"),
        events.get(events.size() - 2).data().at("/usage/output_tokens"));
  }

  @Test
  void shouldSendTheEventsOfMessagesInTheirOrder() throws IOException {
    List<Sent.Event> events = Sent.read(recorded("anthropic-messages-stream").body());
    JsonNode required = recording("anthropic-messages-stream").at("/expect/stream/required");
    for (Sent.Event event : events) {
      assertEquals(event.name(), event.at("/type"));
      Checklist.check(event.data(), required.path(event.name()), event.name());
    }
    assertTrue(
        events.stream()
            .map(Sent.Event::name)
            .collect(Collectors.joining(" "))
            .matches(
                "message_start content_block_start (content_block_delta )*content_block_stop"
                    + " message_delta message_stop"));
  }

  @Test
  void shouldCountWhatAMessageTakes() {
    int counted = post("/v1/messages/count_tokens", body("")).get("input_tokens").asInt();
    JsonNode usage = post("/v1/messages", body("'max_tokens':1")).get("usage");
    assertEquals(
        counted, usage.get("input_tokens").asInt() + usage.get("cache_read_input_tokens").asInt());
  }

  @Test
  void shouldEndAMessageAtAStopText() {
    String stop = answer.substring(answer.length() / 2, answer.length() / 2 + 2);
    JsonNode cut =
        post(
            "/v1/messages",
            body("'max_tokens':40,'temperature':0,'stop_sequences':['" + stop + "']"));
    assertEquals("stop_sequence", cut.get("stop_reason").asText());
    assertEquals(stop, cut.get("stop_sequence").asText());
    assertEquals(answer.substring(0, answer.indexOf(stop)), cut.at("/content/0/text").asText());
  }

  @Test
  void shouldCallWhatAMessageHasToCall() {
    String tools = "'max_tokens':200,'tools':[{'name':'f','input_schema':" + TOOL + "}]";
    JsonNode any = post("/v1/messages", body(tools + ",'tool_choice':{'type':'any'}"));
    assertEquals("tool_use", any.get("stop_reason").asText());
    JsonNode call = any.get("content").get(any.get("content").size() - 1);
    assertEquals("f", call.get("name").asText());
    assertTrue(call.at("/input/n").isIntegralNumber(), any.toString());
    JsonNode none = post("/v1/messages", body(tools + ",'tool_choice':{'type':'none'}"));
    assertNotEquals("tool_use", none.get("stop_reason").asText());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'messages':[{'role':'user','content':'Hi'}]|max_tokens is required",
        "'max_tokens':1|messages is required",
        "'max_tokens':1,'messages':[]|messages must not be empty",
        "'max_tokens':1,'messages':[{'role':'tool','content':'Hi'}]|messages[0].role must be",
        "'max_tokens':1,'messages':[{'role':'user','content':[{'type':'image'}]}]"
            + "|messages[0].content[0].type is not possible",
        "'max_tokens':1,'messages':[{'role':'user','content':'Hi'}],'tools':[{'name':'f'}]"
            + "|tools[0].input_schema is required",
        "'max_tokens':1,'messages':[{'role':'user','content':'Hi'}],'tool_choice':{'type':'any'}"
            + "|tool_choice needs tools",
        "'max_tokens':1,'messages':[{'role':'user','content':'Hi'}],"
            + "'tools':[{'name':'web','type':'web_search_20250305'}]|tools[0].type is not possible",
      },
      quoteCharacter = '`')
  void shouldRefuseMessagesInTheirForm(String fields, String message) {
    HttpResponse<String> refused =
        server.post("/v1/messages", ("{" + fields + "}").replace('\'', '"'));
    assertEquals(400, refused.statusCode());
    JsonNode error = server.json(refused);
    assertEquals("error", error.get("type").asText());
    assertEquals("invalid_request_error", error.at("/error/type").asText());
    assertTrue(error.at("/error/message").asText().startsWith(message), refused.body());
  }
}
