package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.FreePort;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Four nodes and a spare as real processes, each with a folder of slices of its own: the spare has
/// what it needs before a node is killed, and nothing is sent to it then.
@Tag("by-the-clock")
class SlicesAheadIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String QUESTION =
      """
      {"prompt":"Once upon a time","max_tokens":60,"temperature":0,"stream":true,
       "logit_bias":{"1009":-100,"1017":-100}}
      """;

  @TempDir static Path folder;

  private final int port = FreePort.find();
  private final int apiPort = FreePort.find();
  private final HttpClient client = HttpClient.newHttpClient();
  private final List<NodeProcess> processes = new ArrayList<>();

  @AfterEach
  void killAll() {
    processes.forEach(NodeProcess::close);
  }

  @Test
  void shouldLoadFromTheCacheOfASpareThatNeverWasThatRank() throws Exception {
    TinyFiles tiny = TinyFiles.make(folder);
    NodeProcess root = startRoot(tiny);
    for (int worker = 1; worker <= 3; worker++) {
      startWorker("worker-" + worker);
    }
    root.awaitError("4 nodes ready", 1, NodeProcess.FORM);
    NodeProcess spare = startWorker("spare");
    spare.awaitError("keeps the weights of rank", 3, NodeProcess.FORM);
    assertEquals(List.of(1, 2, 3), keptBySpare());
    String expected = answer(-1);
    assertEquals(expected, answer(20));
    root.awaitError("4 nodes go on", 1, NodeProcess.FORM);
    assertTrue(
        root.err().stream().anyMatch(line -> line.contains("1 of 4 slices from the cache")),
        root::toString);
    spare.awaitError("of 4, weights from the cache", 1, NodeProcess.FORM);
  }

  private static String[] caching(String node) {
    Path cache = folder.resolve(node);
    return new String[] {
      "-Ddllama.weights.cache-limit=1 GiB", "-Ddllama.weights.cache-dir=" + cache
    };
  }

  private NodeProcess startRoot(TinyFiles tiny) {
    List<String> options = new ArrayList<>(List.of("api", "--api-port", String.valueOf(apiPort)));
    options.addAll(List.of("--model", tiny.model().toString()));
    options.addAll(List.of("--tokenizer", tiny.tokenizer().toString()));
    options.addAll(List.of("--buffer-float-type", "f32"));
    options.addAll(List.of(caching("root")));
    processes.add(NodeProcess.lightRoot(port, 4, options.toArray(String[]::new)));
    return processes.getLast();
  }

  private NodeProcess startWorker(String name) {
    processes.addAll(NodeProcess.workers(port, 1, caching(name)));
    return processes.getLast();
  }

  private List<Integer> keptBySpare() throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/cluster".formatted(apiPort)))
            .build();
    JsonNode nodes =
        JSON.readTree(client.send(request, HttpResponse.BodyHandlers.ofString()).body())
            .at("/nodes");
    List<Integer> kept = new ArrayList<>();
    nodes.forEach(node -> node.path("keeps").forEach(rank -> kept.add(rank.asInt())));
    return kept;
  }

  /// The text of an answer.
  ///
  /// @param kill event at which a worker is killed; −1: none
  private String answer(int kill) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/v1/completions".formatted(apiPort)))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(QUESTION))
            .build();
    var response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    assertEquals(200, response.statusCode());
    StringBuilder text = new StringBuilder();
    int events = 0;
    try (var reader =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.startsWith("data: {")) {
          text.append(JSON.readTree(line.substring(6)).at("/choices/0/text").asText());
          if (++events == kill) {
            processes.get(2).signal("KILL");
          }
        }
      }
    }
    assertTrue(kill < 0 || events >= kill, "too short: " + text);
    return text.toString();
  }
}
