package dllama.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.Conformance;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/// Tests of a dialect, with the built-in model: the same question has the same answer in all.
abstract class DialectCase {
  static final String QUESTION = "What is 7 + 5?";
  static final String TOOL =
      "{\"type\":\"object\",\"properties\":{\"n\":{\"enum\":[1,2]}},\"required\":[\"n\"],"
          + "\"additionalProperties\":false}";

  static ApiTestServer server;
  static String model;
  static String answer;

  @BeforeAll
  static void start() throws InterruptedException {
    server = new ApiTestServer().ready();
    model = server.json(server.get("/v1/models")).at("/data/0/id").asText();
    answer =
        post("/v1/chat/completions", body("'temperature':0"))
            .at("/choices/0/message/content")
            .asText();
    assertTrue(answer.contains("12"), answer);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /// A request with the question, and more fields, with ' for ".
  static String body(String more) {
    return "{'model':'%s','messages':[{'role':'user','content':'%s'}]%s}"
        .formatted(model, QUESTION, more.isEmpty() ? "" : "," + more)
        .replace('\'', '"');
  }

  static JsonNode post(String path, String body) {
    HttpResponse<String> response = server.post(path, body.replace('\'', '"'));
    assertEquals(200, response.statusCode(), response.body());
    return server.json(response);
  }

  static HttpResponse<String> recorded(String name) throws IOException {
    JsonNode item = recording(name);
    return server.post(
        item.get("path").asText(), item.get("body").toString().replace("{{model}}", model));
  }

  static JsonNode recording(String name) throws IOException {
    return ApiTestServer.read(
        Files.readString(Conformance.file("openai/requests/" + name + ".json")));
  }
}
