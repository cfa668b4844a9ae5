package dllama.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dllama.error.UserException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The server as a whole: answers, who may ask for them, and what becomes of callers who go away.
@Tag("slow")
class ApiServerTest {
  private static final String LONG =
      "{\"messages\":[{\"role\":\"user\",\"content\":\"Tell me a story\"}],\"max_tokens\":900,"
          + "\"logit_bias\":{%s},\"stream\":%s}";

  private static ApiTestServer server;

  @BeforeAll
  static void start() throws InterruptedException {
    server = new ApiTestServer("api.origins=http://localhost:3000", "api.parallel=2").ready();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static String chat(String question, String more) {
    return "{\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}],\"temperature\":0%s}"
        .formatted(question, more);
  }

  /// Without its end tokens the model goes on to the limit.
  private static String endless(boolean stream) {
    return LONG.formatted("\"0\":-100,\"1\":-100,\"2\":-100,\"3\":-100,\"4\":-100", stream);
  }

  @Test
  void shouldStreamTheSameAnswerAsItGivesWhole() {
    String whole =
        server
            .json(server.post("/v1/chat/completions", chat("What is 2 plus 3?", "")))
            .at("/choices/0/message/content")
            .asText();
    StringBuilder streamed = new StringBuilder();
    HttpResponse<String> response =
        server.post("/v1/chat/completions", chat("What is 2 plus 3?", ",\"stream\":true"));
    for (JsonNode event : server.events(response)) {
      streamed.append(event.at("/choices/0/delta/content").asText(""));
    }
    assertFalse(whole.isEmpty());
    assertEquals(whole, streamed.toString());
  }

  @Test
  void shouldEndAtAStopTextAndLeaveItOut() {
    JsonNode all = server.json(server.post("/v1/chat/completions", chat("What is 2 plus 3?", "")));
    String answer = all.at("/choices/0/message/content").asText();
    String stop = answer.substring(answer.length() / 2, answer.length() / 2 + 2);
    JsonNode cut =
        server.json(
            server.post(
                "/v1/chat/completions", chat("What is 2 plus 3?", ",\"stop\":\"" + stop + "\"")));
    assertEquals(
        answer.substring(0, answer.indexOf(stop)), cut.at("/choices/0/message/content").asText());
    assertEquals("stop", cut.at("/choices/0/finish_reason").asText());
  }

  @Test
  void shouldGiveTheSameSeededAnswerToEverybodyAtOnce() {
    String body =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"Tell me a"
            + " story\"}],\"seed\":7,\"max_tokens\":40}";
    List<CompletableFuture<String>> answers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      answers.add(
          CompletableFuture.supplyAsync(
              () ->
                  server
                      .json(server.post("/v1/chat/completions", body))
                      .at("/choices/0/message/content")
                      .asText()));
    }
    assertEquals(1, answers.stream().map(CompletableFuture::join).distinct().count());
  }

  @Test
  void shouldTellWhatAnAnswerTook() {
    JsonNode first =
        server.json(server.post("/v1/chat/completions", chat("Who are you, again?", "")));
    JsonNode second =
        server.json(server.post("/v1/chat/completions", chat("Who are you, again?", "")));
    int prompt = first.at("/usage/prompt_tokens").asInt();
    assertEquals(
        prompt + first.at("/usage/completion_tokens").asInt(),
        first.at("/usage/total_tokens").asInt());
    assertEquals(prompt - 1, second.at("/usage/prompt_tokens_details/cached_tokens").asInt());
    assertEquals(1, second.at("/timings/prompt_n").asInt());
  }

  @Test
  void shouldMakeAsManyAnswersAsAreAskedFor() {
    JsonNode answers =
        server.json(
            server.post(
                "/v1/chat/completions",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"n\":3,\"seed\":1,\"max_tokens\":5}"));
    assertEquals(3, answers.get("choices").size());
    assertEquals(2, answers.at("/choices/2/index").asInt());
  }

  @Test
  void shouldFreeThePlaceOfACallerWhoGoesAway() throws IOException {
    for (boolean stream : List.of(true, false)) {
      await(() -> leavesWhileAnswered(endless(stream)));
      await(() -> server.metric("dllama_answers_running") == 0);
    }
  }

  /// On a busy machine an answer may be over before anybody looks.
  private static boolean leavesWhileAnswered(String body) {
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      send(socket, "POST /v1/chat/completions HTTP/1.1", body);
      long deadline = System.nanoTime() + Duration.ofSeconds(5).toNanos();
      while (System.nanoTime() < deadline) {
        if (server.metric("dllama_answers_running") > 0) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void send(Socket socket, String line, String body) throws IOException {
    OutputStream out = socket.getOutputStream();
    String head =
        "%s\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            .formatted(line, body.getBytes(UTF_8).length);
    out.write((head + body).getBytes(UTF_8));
    out.flush();
  }

  private static void await(BooleanSupplier what) {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!what.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "in time");
    }
  }

  @Test
  void shouldRefuseALengthThatNobodyCanMean() throws IOException {
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      socket
          .getOutputStream()
          .write(
              ("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type:"
                      + " application/json\r\nContent-Length: 100000000000\r\n\r\n{")
                  .getBytes(UTF_8));
      assertTrue(firstLine(socket).contains(" 413 "));
    }
    assertEquals(200, server.get("/health").statusCode());
  }

  @Test
  void shouldRefuseAHeaderThatIsTooLong() throws IOException {
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      socket
          .getOutputStream()
          .write(
              ("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Big: "
                      + "a".repeat(20_000)
                      + "\r\n\r\n")
                  .getBytes(UTF_8));
      assertTrue(firstLine(socket).contains(" 431 "));
    }
  }

  private static String firstLine(Socket socket) throws IOException {
    socket.setSoTimeout(20_000);
    String line =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8)).readLine();
    return String.valueOf(line);
  }

  @Test
  void shouldAnswerToItsOwnNameOnly() throws IOException {
    for (String host : List.of("localhost", "127.0.0.1:9980", "[::1]:1", "evil.example:9980")) {
      try (Socket socket = new Socket("127.0.0.1", server.port())) {
        socket
            .getOutputStream()
            .write("GET /v1/models HTTP/1.1\r\nHost: %s\r\n\r\n".formatted(host).getBytes(UTF_8));
        String status = host.startsWith("evil") ? " 403 " : " 200 ";
        assertTrue(firstLine(socket).contains(status), host);
      }
    }
  }

  @Test
  void shouldLetPagesInThatAreListed() {
    HttpResponse<String> listed = server.get("/v1/models", "Origin", "http://localhost:3000");
    assertEquals(200, listed.statusCode());
    assertEquals(
        "http://localhost:3000",
        listed.headers().firstValue("Access-Control-Allow-Origin").orElse(""));
    HttpResponse<String> own =
        server.get("/v1/models", "Origin", "http://127.0.0.1:" + server.port());
    assertEquals(200, own.statusCode());
    assertTrue(own.headers().firstValue("Access-Control-Allow-Origin").isEmpty());
    assertEquals(403, server.get("/v1/models", "Origin", "http://evil.example").statusCode());
  }

  @Test
  void shouldAskForAKeyWhereThereAreKeys() throws InterruptedException {
    try (ApiTestServer locked = new ApiTestServer("api.key=secret").ready()) {
      assertEquals(401, locked.get("/v1/models").statusCode());
      assertEquals(401, locked.get("/v1/models", "Authorization", "Bearer secreT").statusCode());
      assertEquals(401, locked.get("/cluster").statusCode());
      assertEquals(200, locked.get("/v1/models", "Authorization", "Bearer secret").statusCode());
      assertEquals(200, locked.get("/v1/models", "x-api-key", "secret").statusCode());
      assertEquals(200, locked.get("/health").statusCode());
    }
  }

  @Test
  void shouldTurnAwayWhomItCanNotServe() throws InterruptedException {
    try (ApiTestServer small = new ApiTestServer("api.parallel=1", "api.queue=0").ready()) {
      await(() -> turnsAwayWhileAnswering(small));
    }
  }

  /// On a busy machine the first answer may be over before the second is asked for.
  private static boolean turnsAwayWhileAnswering(ApiTestServer small) {
    CompletableFuture<HttpResponse<String>> first =
        CompletableFuture.supplyAsync(() -> small.post("/v1/chat/completions", endless(false)));
    while (small.metric("dllama_answers_running") == 0 && !first.isDone()) {
      Thread.onSpinWait();
    }
    HttpResponse<String> second = small.post("/v1/chat/completions", chat("Hi", ""));
    assertEquals(200, first.join().statusCode());
    await(() -> small.metric("dllama_answers_running") == 0);
    if (second.statusCode() == 200) {
      return false;
    }
    assertEquals(429, second.statusCode());
    assertTrue(second.headers().firstValue("Retry-After").isPresent());
    return true;
  }

  @Test
  void shouldNotLetOthersInByDefault() {
    UserException e =
        assertThrows(UserException.class, () -> new ApiTestServer("api.host=0.0.0.0"));
    assertTrue(String.valueOf(e.getMessage()).contains("--api-key"));
  }

  @Test
  void shouldShowTokensAndTemplates() {
    JsonNode tokens =
        server.json(server.post("/tokenize", "{\"content\":\"Hello world\"}")).get("tokens");
    JsonNode text = server.json(server.post("/detokenize", "{\"tokens\":%s}".formatted(tokens)));
    assertEquals("Hello world", text.get("content").asText());
    String prompt =
        server
            .json(
                server.post(
                    "/apply-template", "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"))
            .get("prompt")
            .asText();
    assertTrue(prompt.contains("Hi"), prompt);
  }

  @Test
  void shouldShowItsCluster() {
    JsonNode cluster = server.json(server.get("/cluster"));
    assertEquals("ready", cluster.get("state").asText());
    assertEquals("root", cluster.at("/nodes/0/role").asText());
    assertEquals(2, cluster.at("/answers/places").asInt());
    JsonNode root = cluster.at("/nodes/0");
    assertTrue(root.get("memoryTotal").asLong() >= root.get("memoryAvailable").asLong());
    assertTrue(root.get("memoryAvailable").asLong() > 0 && root.get("load").asDouble() >= 0);
    assertEquals(root.at("/heads/of").asInt(), root.at("/heads/count").asInt());
    assertFalse(root.has("waitShare") || root.has("roundTripMs"), "there is nobody else");
    JsonNode plan = cluster.get("plan");
    assertEquals(1, plan.at("/0/nodes").asInt());
    assertTrue(plan.at("/0/fits").asBoolean(), plan.toString());
  }

  @Test
  void shouldPredictOtherNumbersOfNodesByWhatATokenTakes() {
    server.post("/v1/completions", "{\"prompt\":\"One two three\",\"max_tokens\":8}");
    JsonNode plan = server.json(server.get("/cluster")).get("plan");
    for (JsonNode row : plan) {
      assertTrue(row.get("predictedMsPerToken").asDouble() > 0, plan.toString());
    }
    assertTrue(plan.size() > 1, plan.toString());
    String metrics = server.get("/metrics").body();
    assertTrue(
        metrics.matches("(?s).*dllama_node_memory_bytes\\{node=\"[^\"]*\",role=\"root\"} .*"),
        metrics);
  }
}
