package dllama.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `/api/…`, as Ollama's clients and the recorded requests use it.
@Tag("slow")
class OllamaTest extends DialectCase {
  @Test
  void shouldStreamChatsAsLinesUnlessToldOtherwise() throws IOException {
    HttpResponse<String> response = recorded("ollama-chat-default-stream");
    assertTrue(
        response
            .headers()
            .firstValue("Content-Type")
            .orElse("")
            .startsWith("application/x-ndjson"));
    JsonNode expect = recording("ollama-chat-default-stream").at("/expect/stream");
    List<JsonNode> lines = response.body().lines().map(ApiTestServer::read).toList();
    for (JsonNode line : lines) {
      Checklist.check(line, expect.get("every_line"), "line");
      assertTrue(Instant.parse(line.get("created_at").asText()).getEpochSecond() > 1e9);
    }
    Checklist.check(lines.getLast(), expect.get("last_line"), "last");
    for (JsonNode line : lines.subList(0, lines.size() - 1)) {
      Checklist.check(line, expect.get("other_lines"), "other");
    }
  }

  @Test
  void shouldAnswerChatsAndQuestionsAlike() {
    String options = "'stream':false,'options':{'temperature':0}";
    JsonNode chat = post("/api/chat", body(options));
    assertEquals(answer, chat.at("/message/content").asText());
    JsonNode generated =
        post(
            "/api/generate",
            "{'model':'%s:latest','prompt':'%s',%s}".formatted(model, QUESTION, options));
    assertEquals(answer, generated.get("response").asText());
    assertEquals(model + ":latest", generated.get("model").asText());
    assertEquals(chat.get("eval_count"), generated.get("eval_count"));
  }

  @Test
  void shouldTellOfTheModelInOllamasForm() throws IOException {
    for (String name : List.of("ollama-tags", "ollama-version")) {
      JsonNode item = recording(name);
      JsonNode told = server.json(server.get(item.get("path").asText()));
      Checklist.check(told, item.at("/expect/required"), name);
    }
    JsonNode listed = server.json(server.get("/api/tags")).at("/models/0");
    JsonNode running = server.json(server.get("/api/ps")).at("/models/0");
    assertEquals(model + ":latest", listed.get("name").asText());
    assertTrue(listed.get("digest").asText().matches("[0-9a-f]{64}"));
    assertEquals(listed.get("digest"), running.get("digest"));
    assertTrue(running.get("context_length").asInt() > 0);
  }

  @ParameterizedTest
  @CsvSource({
    "/api/chat,'',load",
    "/api/generate,'',load",
    "/api/generate,\"keep_alive\":0,unload",
    "/api/chat,\"messages\":[],load",
  })
  void shouldBeDoneAtOnceWithNothingToSay(String path, String more, String reason) {
    JsonNode done =
        post(path, "{'model':'" + model + "'" + (more.isEmpty() ? "" : "," + more) + "}");
    assertTrue(done.get("done").asBoolean());
    assertEquals(reason, done.get("done_reason").asText());
  }

  @Test
  void shouldHoldAnswersOfOllamaToTheirFormat() {
    JsonNode held =
        post(
            "/api/chat", body("'stream':false,'format':" + TOOL + ",'options':{'num_predict':99}"));
    JsonNode content = ApiTestServer.read(held.at("/message/content").asText());
    assertTrue(List.of(1, 2).contains(content.get("n").asInt()), held.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "/api/chat,404,\"model\":\"other\",other",
    "/api/chat,400,\"stream\":false,model is required",
    "/api/chat,400,\"model\":\"M\";\"messages\":5,messages must be an array",
    "/api/chat,400,\"model\":\"M\";\"messages\":[{\"role\":\"x\"}],messages[0].role must be",
    "/api/chat,400,\"model\":\"M\";\"messages\":[{\"role\":\"user\"}];\"format\":\"xml\",format",
    "/api/generate,400,\"model\":\"M\";\"prompt\":\"a\";\"suffix\":\"b\",suffix",
    "/api/generate,400,\"model\":\"M\";\"prompt\":\"a\";\"images\":[\"\"],images",
    "/api/pull,501,\"model\":\"x\",--model",
  })
  void shouldRefuseInOllamasForm(String path, int status, String fields, String message) {
    String body = "{" + fields.replace(';', ',').replace("\"M\"", "\"" + model + "\"") + "}";
    HttpResponse<String> refused = server.post(path, body);
    assertEquals(status, refused.statusCode(), refused.body());
    assertTrue(server.json(refused).get("error").asText().contains(message), refused.body());
  }

  @Test
  void shouldServeThePageWhereOllamaSaysThatItRuns() {
    HttpRequest head =
        HttpRequest.newBuilder(server.uri("/"))
            .method("HEAD", HttpRequest.BodyPublishers.noBody())
            .build();
    assertEquals(200, server.send(head).statusCode());
    assertEquals(200, server.get("/").statusCode());
  }
}
