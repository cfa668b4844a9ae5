package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.FreePort;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A root and a worker as real processes, of which the worker gets a fifth of the time: it is
/// named, left out, and tried again.
@Tag("by-the-clock")
class SlowNodesIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofMinutes(4);
  private static final String QUESTION =
      """
      {"prompt":"Once upon a time","max_tokens":60,"temperature":0,
       "logit_bias":{"1009":-100,"1017":-100}}
      """;

  @TempDir static Path folder;

  private final int port = FreePort.find();
  private final int apiPort = FreePort.find();
  private final HttpClient client = HttpClient.newHttpClient();
  private final List<NodeProcess> processes = new ArrayList<>();
  private volatile boolean held;

  @AfterEach
  void killAll() throws InterruptedException {
    held = false;
    processes.forEach(NodeProcess::close);
  }

  @Test
  void shouldLeaveASlowWorkerOutAndTryItAgain() throws Exception {
    TinyFiles tiny = TinyFiles.make(folder);
    NodeProcess root = startRoot(tiny);
    NodeProcess worker = NodeProcess.workers(port, 1).getFirst();
    processes.add(worker);
    root.awaitError("2 nodes ready", 1, NodeProcess.FORM);
    String expected = ask();
    Thread holder = new Thread(() -> hold(worker), "holder");
    held = true;
    holder.start();
    askUntil(root, line -> line.contains("makes the others wait"), expected);
    askUntil(root, line -> line.contains("is left out"), expected);
    askUntil(root, line -> line.contains("without the worker at"), expected);
    List<JsonNode> nodes = new ArrayList<>();
    cluster().at("/nodes").forEach(nodes::add);
    assertEquals(
        List.of("root", "spare"), nodes.stream().map(node -> node.path("role").asText()).toList());
    held = false;
    holder.join();
    root.awaitError("is tried again", 1, LIMIT);
    root.awaitError("2 nodes ready", 2, LIMIT);
    assertEquals(expected, ask());
    assertTrue(cluster().at("/events").toString().contains("\"kind\":\"slow\""));
  }

  private NodeProcess startRoot(TinyFiles tiny) {
    List<String> options = new ArrayList<>(List.of("--role", "root", "api"));
    options.addAll(List.of("--host", "127.0.0.1", "--port", String.valueOf(port)));
    options.addAll(List.of("--api-port", String.valueOf(apiPort), "--threads", "1"));
    options.addAll(List.of("--model", tiny.model().toString()));
    options.addAll(List.of("--tokenizer", tiny.tokenizer().toString()));
    options.addAll(List.of("--buffer-float-type", "f32"));
    options.addAll(List.of("-Ddllama.slow-retry=10s", "-Ddllama.alone-timeout=1m"));
    processes.add(new NodeProcess(List.of(), options));
    return processes.getLast();
  }

  /// Lets a process run for 10 ms of 50.
  private void hold(NodeProcess node) {
    while (held) {
      node.signal("STOP");
      pause(40);
      node.signal("CONT");
      pause(10);
    }
  }

  private static void pause(int millis) {
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Asks again and again, with pauses in which the root may form anew.
  private void askUntil(NodeProcess root, Predicate<String> said, String expected)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (root.err().stream().noneMatch(said)) {
      assertTrue(System.nanoTime() < deadline, root::toString);
      assertEquals(expected, ask());
      pause(1500);
    }
  }

  private String ask() throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(uri("/v1/completions"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(QUESTION))
            .build();
    HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
    assertEquals(200, response.statusCode(), response.body());
    return JSON.readTree(response.body()).at("/choices/0/text").asText();
  }

  private JsonNode cluster() throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(uri("/cluster")).build();
    return JSON.readTree(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:%d%s".formatted(apiPort, path));
  }
}
