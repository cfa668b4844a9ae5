package dllama.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// How much, how deep, how long and how many a caller may send.
@Tag("slow")
class LimitsTest {
  private static ApiTestServer server;

  @BeforeAll
  static void start() throws InterruptedException {
    server =
        new ApiTestServer("api.max-body=64k", "api.time-limit=1s", "api.connections-per-address=20")
            .ready();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static void assertError(int status, String message, HttpResponse<String> response) {
    assertEquals(status, response.statusCode(), response.body());
    String told = server.json(response).at("/error/message").asText();
    assertTrue(told.contains(message), told);
  }

  @Test
  void shouldRefuseLongBodies() {
    String body = "{\"messages\":\"%s\"}".formatted("a".repeat(70_000));
    assertError(413, "longer than 65536 bytes", server.post("/v1/chat/completions", body));
    byte[] bytes = body.getBytes(UTF_8);
    HttpRequest chunked =
        HttpRequest.newBuilder(server.uri("/v1/chat/completions"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(bytes)))
            .build();
    assertError(413, "longer than 65536 bytes", server.send(chunked));
  }

  @Test
  void shouldRefuseDeepBodies() {
    for (String open : List.of("[", "{\"a\":")) {
      String body = "{\"messages\":" + open.repeat(10_000);
      assertError(400, "not JSON", server.post("/v1/chat/completions", body));
    }
  }

  @Test
  void shouldRefuseManyAndLongHeaders() throws IOException {
    assertStatus(431, "X-Big: " + "a".repeat(17_000) + "\r\n");
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      many.append("X-%d: a\r\n".formatted(i));
    }
    assertStatus(400, many.toString());
  }

  private static void assertStatus(int status, String headers) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      socket.setSoTimeout(30_000);
      String request = "GET /health HTTP/1.1\r\nHost: localhost\r\n%s\r\n".formatted(headers);
      socket.getOutputStream().write(request.getBytes(UTF_8));
      String line = new String(socket.getInputStream().readNBytes(12), UTF_8);
      assertEquals("HTTP/1.1 " + status, line);
    }
  }

  @Test
  void shouldEndAnswersWhoseTimeIsOver() {
    String request =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"n\":16,\"max_tokens\":1000,"
            + "\"logit_bias\":{\"100\":100}}";
    HttpResponse<String> response = server.post("/v1/chat/completions", request);
    assertEquals(200, response.statusCode(), response.body());
    JsonNode answers = server.json(response);
    assertEquals("length", answers.at("/choices/15/finish_reason").asText());
    assertTrue(answers.at("/usage/completion_tokens").asInt() < 16_000, "not all was made");
    assertEquals(0, server.metric("dllama_answers_running"));
  }

  @Test
  void shouldTakeNoMoreConnectionsOfAnAddressThanItMay() throws IOException {
    List<Socket> sockets = new ArrayList<>();
    try {
      int closed = 0;
      for (int i = 0; i < 30; i++) {
        Socket socket = new Socket("127.0.0.1", server.port());
        sockets.add(socket);
        socket.setSoTimeout(30_000);
      }
      for (Socket socket : sockets) {
        closed += isClosed(socket) ? 1 : 0;
      }
      assertTrue(closed >= 10, closed + " of 30 were closed");
      assertTrue(closed < 30, "all were closed");
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  /// Whether there is no answer to a request.
  private static boolean isClosed(Socket socket) {
    try {
      socket
          .getOutputStream()
          .write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(UTF_8));
      return socket.getInputStream().read() < 0;
    } catch (IOException e) {
      return true;
    }
  }
}
