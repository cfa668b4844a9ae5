package dllama.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Callers who say nothing, or one byte after the other, or take nothing of what they asked for:
/// others are answered meanwhile, and what they hold is given back.
@Tag("slow")
class SlowCallersTest {
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final String CHAT =
      "{\"messages\":[{\"role\":\"user\",\"content\":\"What is 2 plus 3?\"}],\"temperature\":0}";

  /// What keeps a server waiting: it is sent once, then byte after byte.
  private enum Kind {
    SILENT("", ""),
    IN_HEADERS("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", "a"),
    IN_BODY(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: 100000\r\n\r\n{\"messages\":\"",
        "a"),
    IN_CHUNKS(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n",
        "1\r\n \r\n");

    private final String first;
    private final String next;

    Kind(String first, String next) {
      this.first = first;
      this.next = next;
    }
  }

  /// A caller; any thread, one at a time.
  private static final class Slow implements AutoCloseable {
    private final Kind kind;
    private final Socket socket = new Socket();

    Slow(Kind kind, int port) throws IOException {
      this.kind = kind;
      socket.connect(new InetSocketAddress("127.0.0.1", port));
      socket.setSoTimeout(1);
      socket.getOutputStream().write(kind.first.getBytes(UTF_8));
    }

    /// Sends a byte more.
    ///
    /// @return false if the server has closed the connection
    boolean goOn() {
      try {
        socket.getOutputStream().write(kind.next.getBytes(UTF_8));
        return socket.getInputStream().read(new byte[4096]) >= 0;
      } catch (java.net.SocketTimeoutException e) {
        return true;
      } catch (IOException e) {
        return false;
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  @Test
  void shouldAnswerOthersAndCloseWhatStaysIdle() throws Exception {
    try (ApiTestServer server =
        new ApiTestServer("api.idle-timeout=6s", "api.connections-per-address=400").ready()) {
      shouldAnswerOthers(server);
    }
  }

  private static void shouldAnswerOthers(ApiTestServer server)
      throws IOException, InterruptedException {
    String answer = server.post("/v1/chat/completions", CHAT).body();
    long files = files();
    List<Slow> callers = new ArrayList<>();
    try {
      for (int i = 0; i < 260; i++) {
        callers.add(new Slow(i < 200 ? Kind.SILENT : Kind.values()[1 + i % 3], server.port()));
      }
      List<Slow> there = new ArrayList<>(callers);
      long deadline = System.nanoTime() + LIMIT.toNanos();
      while (!there.isEmpty()) {
        assertEquals(content(answer), content(server.post("/v1/chat/completions", CHAT).body()));
        assertEquals(200, server.get("/health").statusCode());
        there.removeIf(slow -> !slow.goOn());
        assertTrue(System.nanoTime() < deadline, () -> there.size() + " are still there");
      }
    } finally {
      for (Slow caller : callers) {
        caller.close();
      }
    }
    await(() -> server.metric("dllama_connections") <= 2, "connections");
    await(() -> files() <= files + 2, "descriptors");
  }

  private static String content(String response) {
    return ApiTestServer.read(response).at("/choices/0/message/content").asText();
  }

  /// Descriptors of this process, where the system tells.
  private static long files() {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    } catch (IOException e) {
      return 0;
    }
  }

  private interface Condition {
    boolean holds();
  }

  private static void await(Condition condition, String what) throws InterruptedException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (!condition.holds()) {
      assertTrue(System.nanoTime() < deadline, what);
      Thread.sleep(100);
    }
  }

  /// The answer is larger than what sockets take by themselves.
  @Test
  void shouldGiveUpAnswersThatNobodyTakes() throws Exception {
    String stream =
        "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"stream\":true,\"n\":8,"
            + "\"max_tokens\":900,\"logprobs\":true,\"top_logprobs\":20,"
            + "\"logit_bias\":{\"100\":100}}";
    try (ApiTestServer server = new ApiTestServer("api.idle-timeout=2s").ready();
        Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4096);
      socket.connect(new InetSocketAddress("127.0.0.1", server.port()));
      send(socket, "/v1/chat/completions", stream);
      await(() -> server.metric("dllama_answers_running") > 0, "begun");
      await(() -> server.metric("dllama_answers_running") == 0, "ended");
      await(() -> server.metric("dllama_connections") <= 1, "let go");
      assertTrue(isCut(socket));
    }
  }

  private static void send(Socket socket, String path, String body) throws IOException {
    String head =
        "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            .formatted(path, body.length());
    socket.getOutputStream().write((head + body).getBytes(UTF_8));
  }

  /// Whether what comes is not the whole answer.
  private static boolean isCut(Socket socket) {
    StringBuilder end = new StringBuilder();
    byte[] bytes = new byte[1 << 16];
    try {
      InputStream in = socket.getInputStream();
      for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
        end.append(new String(bytes, 0, count, UTF_8));
        end.delete(0, Math.max(0, end.length() - 100));
      }
    } catch (IOException e) {
      return true;
    }
    return !end.toString().endsWith("}") && !end.toString().contains("[DONE]");
  }
}
