package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.FreePort;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// A root that serves over HTTP, with its workers, as processes.
@Tag("by-the-clock")
class ApiIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration SOON = Duration.ofSeconds(60);

  private final HttpClient client = HttpClient.newHttpClient();
  private final int port = FreePort.find();
  private final int apiPort = FreePort.find();

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d%s".formatted(apiPort, path)));
  }

  private int status(String path) throws IOException, InterruptedException {
    return client.send(request(path).build(), HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  private <T> HttpResponse<T> chat(String question, String more, HttpResponse.BodyHandler<T> as)
      throws IOException, InterruptedException {
    String body =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}],\"temperature\":0%s}"
            .formatted(question, more);
    return client.send(
        request("/v1/chat/completions").POST(HttpRequest.BodyPublishers.ofString(body)).build(),
        as);
  }

  private String answer(String question) throws IOException, InterruptedException {
    HttpResponse<String> response = chat(question, "", HttpResponse.BodyHandlers.ofString());
    assertEquals(200, response.statusCode(), response.body());
    return JSON.readTree(response.body()).at("/choices/0/message/content").asText();
  }

  /// Whoever has half of an answer gets the rest of it, and the cluster grows when the worker is
  /// back.
  @Test
  void shouldGoOnWhenAWorkerIsLostAndGrowWhenOneIsBack() throws Exception {
    String[] api = {"api", "--api-port", String.valueOf(apiPort), "--buffer-float-type", "f32"};
    try (NodeProcess root = NodeProcess.root(port, 2, api)) {
      root.awaitError("page at", 1, NodeProcess.FORM);
      assertEquals(200, status("/health"));
      assertEquals(503, status("/ready"));
      String before;
      String story;
      try (NodeProcess worker = NodeProcess.worker(port)) {
        root.awaitError("ready, loaded", 1, NodeProcess.FORM);
        assertEquals(200, status("/ready"));
        before = answer("What is 2 plus 3?");
        HttpResponse<InputStream> stream =
            chat("Tell me a story", endless(), HttpResponse.BodyHandlers.ofInputStream());
        byte[] first = stream.body().readNBytes(400);
        worker.signal("KILL");
        story = new String(first, StandardCharsets.UTF_8) + text(stream);
        assertTrue(story.contains("\n: the worker at 127.0.0.1:"), story);
        assertTrue(story.endsWith("data: [DONE]\n\n"), story);
        root.awaitError("1 node goes on", 1, NodeProcess.FORM);
      }
      try (NodeProcess _ = NodeProcess.worker(port)) {
        root.awaitError("ready, loaded", 2, NodeProcess.FORM);
        assertEquals(before, answer("What is 2 plus 3?"));
        String undisturbed =
            text(chat("Tell me a story", endless(), HttpResponse.BodyHandlers.ofInputStream()));
        assertEquals(said(undisturbed), said(story));
        JsonNode cluster = document("/cluster");
        assertEquals(2, cluster.get("nodes").size(), cluster.toString());
        assertEquals("ready", cluster.get("state").asText());
      }
    }
  }

  private static String text(HttpResponse<InputStream> stream) throws IOException {
    return new String(stream.body().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static String endless() {
    return ",\"stream\":true,\"max_tokens\":900,\"response_format\":{\"type\":\"json_object\"}";
  }

  /// The text of a stream.
  private static String said(String events) throws IOException {
    StringBuilder text = new StringBuilder();
    for (String line : events.split("\n")) {
      if (line.startsWith("data: {")) {
        text.append(JSON.readTree(line.substring(6)).at("/choices/0/delta/content").asText());
      }
    }
    return text.toString();
  }

  private JsonNode document(String path) throws IOException, InterruptedException {
    return JSON.readTree(
        client.send(request(path).build(), HttpResponse.BodyHandlers.ofString()).body());
  }

  /// One scheduler for both: the same answers, and the one who asks second finds it in the cache.
  @Test
  void shouldServeBesideTheChat() throws Exception {
    String[] chat = {"chat", "--api", "--api-port", String.valueOf(apiPort), "--temperature", "0"};
    try (NodeProcess root = NodeProcess.root(port, 1, chat)) {
      root.awaitError("ready, loaded", 1, NodeProcess.FORM);
      root.awaitError("page at", 1, NodeProcess.FORM);
      root.type("What is 2 plus 3?");
      root.await(SOON, node -> !node.out().isEmpty());
      assertEquals(root.out().getFirst(), answer("What is 2 plus 3?"));
      root.type("/exit");
      assertEquals(0, root.exit(SOON));
    }
  }

  @Test
  void shouldEndWhenItIsTold() throws Exception {
    String[] api = {"api", "--api-port", String.valueOf(apiPort)};
    try (NodeProcess root = NodeProcess.root(port, 1, api)) {
      root.awaitError("ready, loaded", 1, NodeProcess.FORM);
      root.awaitError("page at", 1, NodeProcess.FORM);
      HttpResponse<InputStream> page =
          client.send(request("/").build(), HttpResponse.BodyHandlers.ofInputStream());
      assertEquals(200, page.statusCode());
      assertTrue(
          page.headers().firstValue("Content-Security-Policy").orElse("").contains("'none'"));
      root.signal("TERM");
      root.exit(SOON);
    }
  }

  @Test
  void shouldSayInOneLineWhatKeepsItFromServing() throws Exception {
    try (var taken =
        new java.net.ServerSocket(apiPort, 1, java.net.InetAddress.getLoopbackAddress())) {
      String[] api = {"api", "--api-port", String.valueOf(taken.getLocalPort())};
      try (NodeProcess root = NodeProcess.root(port, 1, api)) {
        assertEquals(2, root.exit(NodeProcess.FORM));
        assertTrue(
            root.err().getLast().startsWith("127.0.0.1:%d can not be bound".formatted(apiPort)),
            root::toString);
      }
    }
    try (NodeProcess root = NodeProcess.root(port, 1, "api", "--api-host", "0.0.0.0")) {
      assertEquals(2, root.exit(NodeProcess.FORM));
      assertEquals(
          List.of(), root.err().stream().filter(line -> line.contains("Exception")).toList());
      assertTrue(root.err().getLast().contains("--api-key"), root::toString);
    }
  }
}
