package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dllama.api.ApiTestServer;
import dllama.error.UserException;
import dllama.settings.Settings;
import dllama.tokenizer.ChatTemplate.Message;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A chat with a root elsewhere, played by a server whose answers are given.
class RemotePartnerTest {
  private static final String DONE = "data: [DONE]\n\n";

  private final HttpServer server = listen();
  private final Deque<String> streams = new ArrayDeque<>();
  private final List<JsonNode> requests = new ArrayList<>();
  private final List<String> heard = new ArrayList<>();
  private final CountDownLatch held = new CountDownLatch(1);
  private int status = 200;

  private static HttpServer listen() {
    try {
      return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @BeforeEach
  void start() {
    server.createContext(
        "/v1/models",
        exchange ->
            reply(
                exchange,
                "{\"data\":[{\"id\":\"tiny\",\"context_length\":2048,\"meta\":{"
                    + "\"architecture\":\"LLAMA\",\"weights\":\"q40\"}}]}"));
    server.createContext(
        "/cluster",
        exchange ->
            reply(
                exchange,
                "{\"computing\":\"256 bit\",\"nodes\":[{\"id\":\"root\",\"role\":\"root\"},"
                    + "{\"id\":\"10.0.0.2:1\",\"role\":\"worker\"},"
                    + "{\"id\":\"10.0.0.3:1\",\"role\":\"spare\"}]}"));
    server.createContext("/v1/chat/completions", this::answer);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.start();
  }

  @AfterEach
  void stop() {
    held.countDown();
    server.stop(0);
  }

  private void reply(HttpExchange exchange, String body) throws IOException {
    boolean known = "Bearer secret".equals(exchange.getRequestHeaders().getFirst("Authorization"));
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(known ? 200 : 401, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private void answer(HttpExchange exchange) throws IOException {
    requests.add(
        Json.tree(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8)));
    if (status != 200) {
      exchange.getResponseHeaders().add("Retry-After", "7");
      exchange.sendResponseHeaders(status, 0);
      exchange
          .getResponseBody()
          .write(
              "{\"error\":{\"message\":\"too many\\u001b requests\"}}"
                  .getBytes(StandardCharsets.UTF_8));
      exchange.close();
      return;
    }
    String stream = streams.isEmpty() ? delta("content", "held") : streams.remove();
    exchange.sendResponseHeaders(200, 0);
    exchange.getResponseBody().write(stream.getBytes(StandardCharsets.UTF_8));
    exchange.getResponseBody().flush();
    if (stream.contains("held")) {
      try {
        held.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    exchange.close();
  }

  private static String delta(String field, String text) {
    return "data: {\"choices\":[{\"delta\":{\"%s\":\"%s\"}}]}\n\n".formatted(field, text);
  }

  private RemotePartner partner(String key, Settings.Option... options)
      throws InterruptedException {
    Settings settings = Settings.load(Optional.empty(), new Properties(), List.of(options));
    String url = "http://127.0.0.1:%d/v1/".formatted(server.getAddress().getPort());
    return new RemotePartner(
        new RemoteRoot(url, Optional.of(key).filter(text -> !text.isEmpty())), settings);
  }

  private final class Ears implements Partner.Listener {
    @Override
    public void text(String piece) {
      heard.add(piece);
    }

    @Override
    public void thought(String piece) {
      heard.add("(" + piece + ")");
    }

    @Override
    public void failed(String why) {
      heard.add("failed: " + why);
    }

    @Override
    public void ended(String took, Optional<String> advice) {
      heard.add("ended: " + took);
    }
  }

  @Test
  void shouldAnswerAndSendWhatWasSaid() throws InterruptedException {
    String usage =
        "data: {\"choices\":[],\"usage\":{\"total_tokens\":12,\"completion_tokens\":3},"
            + "\"timings\":{\"predicted_per_second\":2.5}}\n\n";
    streams.add(
        ": read 1 of 2\n\n"
            + delta("reasoning_content", "hm")
            + delta("content", "Hi")
            + usage
            + DONE);
    streams.add(delta("content", "Two") + usage + DONE);
    streams.add(delta("content", "Three") + usage + DONE);
    try (RemotePartner partner =
        partner(
            "secret",
            new Settings.Option("", "chat.system", "Be brief"),
            new Settings.Option("", "sampler.temperature", "0"))) {
      assertEquals(Optional.empty(), partner.answer("Hello", new Ears()));
      assertEquals(List.of("(hm)", "Hi", "ended: 3 tokens, 2.5 tokens/s"), heard);
      partner.answer("More", new Ears());
      partner.answerAgain(new Ears());
      assertEquals(
          List.of("Be brief", "Hello", "Hi", "More", "Three"),
          partner.conversation().stream().map(Message::text).toList());
      assertEquals(requests.get(1).path("messages"), requests.get(2).path("messages"));
      assertEquals(
          List.of("Be brief", "Hello", "Hi", "More"),
          requests.get(2).path("messages").findValuesAsText("content"));
      assertEquals(
          List.of("system", "user", "assistant", "user"),
          requests.get(2).path("messages").findValuesAsText("role"));
      assertEquals(0, requests.getFirst().path("temperature").asDouble(-1));
      assertTrue(requests.getFirst().path("top_p").isMissingNode(), "the root's to decide");
      assertTrue(partner.stats().contains("12 of 2048 tokens of the context are used"));
      assertEquals(
          "tiny: LLAMA, q40 weights, context of 2048 tokens, 2 nodes at 127.0.0.1:%d"
              .formatted(server.getAddress().getPort()),
          partner.model().line());
    }
  }

  @Test
  void shouldChatWithARoot() throws InterruptedException {
    try (ApiTestServer root = new ApiTestServer("api.key=secret", "sampler.temperature=0").ready();
        RemotePartner partner =
            new RemotePartner(
                new RemoteRoot("127.0.0.1:" + root.port(), Optional.of("secret")),
                Settings.load(Optional.empty(), new Properties(), List.of()))) {
      assertEquals(1, partner.model().nodes());
      assertEquals(Optional.empty(), partner.answer("Hello", new Ears()));
      String answer = String.join("", heard.subList(0, heard.size() - 1));
      assertEquals(answer, partner.conversation().getLast().text());
      assertTrue(
          heard.getLast().matches("ended: \\d+ tokens, \\d+\\.\\d tokens/s"), heard.getLast());
      heard.clear();
      partner.answerAgain(new Ears());
      assertEquals(answer, String.join("", heard.subList(0, heard.size() - 1)), "greedy");
      assertEquals(2, partner.conversation().size());
    }
  }

  @Test
  void shouldStop() throws InterruptedException {
    try (RemotePartner partner = partner("secret")) {
      partner.answer(
          "Hello",
          new Partner.Listener() {
            private final Ears ears = new Ears();

            @Override
            public void text(String piece) {
              ears.text(piece);
              Thread.ofVirtual().start(partner::stop);
            }

            @Override
            public void thought(String piece) {}

            @Override
            public void failed(String why) {
              ears.failed(why);
            }

            @Override
            public void ended(String took, Optional<String> advice) {
              ears.ended(took, advice);
            }
          });
      assertEquals(List.of("held", "ended: stopped"), heard);
      assertEquals(2, partner.conversation().size(), "what was said until then");
    }
  }

  @Test
  void shouldSayInALineWhatIsWrong() throws InterruptedException {
    String refused = assertThrows(UserException.class, () -> partner("")).getMessage();
    assertTrue(String.valueOf(refused).contains("wants a key: give --api-key KEY"), refused);
    refused = assertThrows(UserException.class, () -> partner("wrong")).getMessage();
    assertTrue(String.valueOf(refused).contains("refuses the key"), refused);
    try (RemotePartner partner = partner("secret")) {
      for (int code : new int[] {429, 503}) {
        status = code;
        String why = partner.answer("Hello", new Ears()).orElseThrow();
        assertTrue(why.endsWith("(too many\\u001b requests); try again in 7 s"), why);
      }
      status = 200;
      streams.add(delta("content", "Hal"));
      String why = partner.answer("Hello", new Ears()).orElseThrow();
      assertTrue(why.contains("was lost"), why);
      streams.add("data: {\"error\":{\"message\":\"a worker is gone\"}}\n\n");
      partner.answer("Hello", new Ears());
      assertEquals("failed: a worker is gone", heard.getLast());
      streams.add("data: nonsense\n\n");
      why = partner.answer("Hello", new Ears()).orElseThrow();
      assertTrue(why.contains("does not answer as a root"), why);
      streams.add("data: " + "x".repeat(2 << 20) + "\n\n");
      why = partner.answer("Hello", new Ears()).orElseThrow();
      assertTrue(why.contains("more than 1 MiB"), why);
      server.stop(0);
      why = partner.answer("Hello", new Ears()).orElseThrow();
      assertTrue(why.contains("is not reachable"), why);
    }
    for (String url : List.of("", "ftp://a", "http://", "http://u:p@h", "a b", "http://h?x=1")) {
      assertThrows(UserException.class, () -> new RemoteRoot(url, Optional.empty()), url);
    }
  }
}
