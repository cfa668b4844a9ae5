package dllama.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dllama.Conformance;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/// What real clients send, and what they need back: `conformance/openai`.
@Tag("slow")
class ClientRequestsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static ApiTestServer server;
  private static String model;

  @BeforeAll
  static void start() throws InterruptedException {
    server = new ApiTestServer("api.origins=http://localhost:3000").ready();
    model = server.json(server.get("/v1/models")).at("/data/0/id").asText();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @TestFactory
  Stream<DynamicTest> shouldAnswerWhatClientsSend() throws IOException {
    try (Stream<Path> files =
        Files.list(Conformance.file("openai/requests/openai-node-chat.json").getParent())) {
      return files.sorted().toList().stream()
          .map(file -> DynamicTest.dynamicTest(name(file), () -> check(read(file))));
    }
  }

  @TestFactory
  Stream<DynamicTest> shouldRefuseWhatIsWrong() throws IOException {
    JsonNode all = read(Conformance.file("openai/invalid.json"));
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode item : all.path(all.has("requests") ? "requests" : "cases")) {
      if (!item.has("only_when")) {
        tests.add(DynamicTest.dynamicTest(item.get("name").asText(), () -> refused(item)));
      }
    }
    return tests.stream();
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  private static JsonNode read(Path file) throws IOException {
    return JSON.readTree(Files.readString(file));
  }

  private static HttpResponse<String> send(JsonNode item) {
    String path = item.get("path").asText().replace("{{model}}", model);
    HttpRequest.Builder request = HttpRequest.newBuilder(server.uri(path));
    item.path("headers")
        .properties()
        .forEach(
            header -> {
              if (!header.getKey().equalsIgnoreCase("Content-Length")) {
                request.header(header.getKey(), header.getValue().asText());
              }
            });
    return server.send(request.method(item.get("method").asText(), body(item)).build());
  }

  private static HttpRequest.BodyPublisher body(JsonNode item) {
    if (item.has("raw_body")) {
      return HttpRequest.BodyPublishers.ofString(item.get("raw_body").asText());
    }
    if (item.has("raw_body_hex")) {
      return HttpRequest.BodyPublishers.ofByteArray(
          java.util.HexFormat.of().parseHex(item.get("raw_body_hex").asText()));
    }
    if (item.has("raw_body_generator")) {
      JsonNode made = item.get("raw_body_generator");
      JsonNode repeat = made.get("then_repeat");
      int count = Math.min(repeat.get(1).asInt(), 40_000_000);
      return HttpRequest.BodyPublishers.ofString(
          made.get("text").asText() + repeat.get(0).asText().repeat(count));
    }
    if (item.has("body_generator")) {
      JsonNode made = item.get("body_generator");
      JsonNode with = made.get("replace_@_with");
      return HttpRequest.BodyPublishers.ofString(
          made.get("body")
              .toString()
              .replace("{{model}}", model)
              .replace("@", with.get(0).asText().repeat(with.get(1).asInt())));
    }
    return item.path("body").isObject()
        ? HttpRequest.BodyPublishers.ofString(
            item.get("body").toString().replace("{{model}}", model))
        : HttpRequest.BodyPublishers.noBody();
  }

  private static void check(JsonNode item) {
    HttpResponse<String> response = send(item);
    JsonNode expect = item.get("expect");
    if (item.has("optional") && !item.get("optional").isNull() && response.statusCode() == 404) {
      assertTrue(server.json(response).isObject(), response.body());
      return;
    }
    assertTrue(
        expect.get("status").isArray()
            ? has(expect.get("status"), response.statusCode())
            : expect.get("status").asInt() == response.statusCode(),
        () -> response.statusCode() + " " + response.body());
    if (expect.has("required")) {
      JsonNode required =
          ApiTestServer.read(expect.get("required").toString().replace("{{model}}", model));
      JsonNode answer = server.json(response);
      boolean cut = answer.at("/choices/0/finish_reason").asText().equals("length");
      Checklist.check(answer, cut ? withoutJson(required) : required, item.get("name").asText());
    }
    if (expect.has("stream")) {
      stream(response, expect.get("stream"), item.get("name").asText());
    }
    if (item.get("name").asText().endsWith("preflight")) {
      assertEquals(
          "http://localhost:3000",
          response.headers().firstValue("Access-Control-Allow-Origin").orElse(""));
    }
  }

  /// What was cut off at the limit need not be whole.
  private static JsonNode withoutJson(JsonNode required) {
    required.forEach(entry -> ((ObjectNode) entry).remove("json"));
    return required;
  }

  private static boolean has(JsonNode statuses, int status) {
    for (JsonNode allowed : statuses) {
      if (allowed.asInt() == status) {
        return true;
      }
    }
    return false;
  }

  private static void stream(HttpResponse<String> response, JsonNode expect, String name) {
    String type = response.headers().firstValue("Content-Type").orElse("");
    assertTrue(type.startsWith(expect.get("content_type").asText()), type);
    if (!expect.get("framing").asText().equals("sse")) {
      return; // the tests of these dialects look at it
    }
    assertTrue(response.body().endsWith("data: [DONE]\n\n"), response.body());
    List<JsonNode> chunks = server.events(response);
    for (JsonNode chunk : chunks) {
      if (!chunk.path("choices").isEmpty()) {
        Checklist.check(chunk, expect.path("every_chunk"), name);
      }
    }
    Checklist.check(chunks.getFirst(), expect.path("first_chunk"), name);
    List<JsonNode> of = chunks.stream().filter(chunk -> !chunk.path("choices").isEmpty()).toList();
    Checklist.check(of.getLast(), expect.path("last_choice_chunk"), name);
    for (JsonNode chunk : of.subList(0, of.size() - 1)) {
      assertTrue(chunk.at("/choices/0/finish_reason").isNull(), chunk.toString());
    }
    if (expect.path("usage_chunk").isObject()) {
      assertEquals(chunks.size() - 1, of.size());
      Checklist.check(chunks.getLast(), expect.get("usage_chunk").get("required"), name);
    } else {
      assertEquals(chunks.size(), of.size(), "no chunk of usage");
    }
  }

  private static void refused(JsonNode item) {
    if (item.get("name").asText().equals("content-length-lies")
        || item.get("name").asText().equals("header-too-large")) {
      return; // HttpServerTest: this client does not lie
    }
    long start = System.nanoTime();
    HttpResponse<String> response;
    try {
      response = send(item);
    } catch (java.io.UncheckedIOException e) {
      assertEquals("body-too-large", item.get("name").asText(), e.toString());
      return; // closed while it was still sending
    }
    JsonNode expect = item.get("expect");
    String told = item.get("name").asText() + ": " + response.statusCode() + " " + response.body();
    boolean differs =
        expect.has("or_status") && has(expect.get("or_status"), response.statusCode());
    if (item.has("optional") && response.statusCode() == 404) {
      return;
    }
    assertTrue(differs || has(expect.get("status"), response.statusCode()), told);
    if (response.statusCode() >= 400) {
      JsonNode error = server.json(response).path("error");
      String message = error.isTextual() ? error.asText() : error.path("message").asText();
      assertFalse(message.isEmpty(), told);
      assertFalse(message.contains("java.") || message.contains("dllama."), told);
      if (expect.has("message_names")) {
        assertTrue(message.contains(expect.get("message_names").asText()), told);
      }
      if (expect.has("code")) {
        assertEquals(expect.get("code").asText(), error.path("code").asText(), told);
      }
    }
    assertTrue(System.nanoTime() - start < 60e9, told);
    assertEquals(200, server.get("/health").statusCode());
  }
}
