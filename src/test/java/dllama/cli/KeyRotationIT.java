package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.FreePort;
import dllama.key.ClusterKey;
import dllama.key.KeyFile;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The cluster key is changed for another as docs/SECURITY.md says, by commands on two real nodes
/// that answer meanwhile: no answer is another one, no node is lost, and who has only the old key
/// is let in no more.
@Tag("by-the-clock")
class KeyRotationIT {
  private static final String QUESTION =
      """
      {"prompt":"Once upon a time","max_tokens":200,"temperature":0,
       "logit_bias":{"1009":-100,"1017":-100}}
      """;

  @TempDir Path folder;

  private final int port = FreePort.find();
  private final int apiPort = FreePort.find();
  private final HttpClient client = HttpClient.newHttpClient();
  private final List<NodeProcess> processes = new ArrayList<>();

  @AfterEach
  void killAll() {
    processes.forEach(NodeProcess::close);
  }

  @Test
  void shouldChangeTheKeyUnderAnAnswer() throws Exception {
    Path ofRoot = keyFile("root.key");
    Path ofWorker = copy(ofRoot, "worker.key");
    Path former = copy(ofRoot, "former.key");
    NodeProcess worker = startWorker(ofWorker);
    NodeProcess root = startRoot(ofRoot);
    root.awaitError("2 nodes ready", 1, NodeProcess.FORM);
    String expected = ask();
    var done = new AtomicBoolean();
    var answers = new AtomicInteger();
    var questions =
        CompletableFuture.runAsync(
            () -> {
              while (!done.get()) {
                assertEquals(expected, ask());
                answers.incrementAndGet();
              }
            });
    List<String> codes = rotate(ofRoot, "add");
    assertEquals(2, codes.size(), codes::toString);
    rotate(ofWorker, "add", "--join", codes.getLast());
    for (String step : List.of("use", "drop")) {
      NodeProcess.sleep(2500); // files are looked at every second
      rotate(ofRoot, step);
      rotate(ofWorker, step);
    }
    NodeProcess.sleep(2500);
    done.set(true);
    questions.join();
    assertTrue(answers.get() > 0);
    NodeProcess stranger = startWorker(former);
    stranger.awaitError("has another cluster key", 1, NodeProcess.FORM);
    NodeProcess.sleep(8000); // nobody asks: connections by the first key end
    assertEquals(expected, ask());
    assertTrue(root.err().stream().noneMatch(line -> line.contains("go on")), root::toString);
    assertTrue(root.err().stream().noneMatch(line -> line.contains("has ended")), root::toString);
    assertTrue(worker.isAlive(), worker::toString);
    assertTrue(
        stranger.err().stream().noneMatch(line -> line.contains("joined")), stranger::toString);
  }

  private NodeProcess startRoot(Path key) {
    TinyFiles tiny = TinyFiles.make(folder);
    return started(
        NodeProcess.lightRoot(
            port,
            2,
            "api",
            "--api-port",
            String.valueOf(apiPort),
            "--model",
            tiny.model().toString(),
            "--tokenizer",
            tiny.tokenizer().toString(),
            "--cluster-key",
            key.toString()));
  }

  /// The command of a step on one node; the codes that it shows.
  private List<String> rotate(Path key, String step, String... options) {
    List<String> all =
        new ArrayList<>(List.of("cluster-key", "--cluster-key", key.toString(), "--rotate", step));
    all.addAll(List.of(options));
    NodeProcess command = started(new NodeProcess(List.of(), all));
    assertEquals(0, command.exit(NodeProcess.FORM), command::toString);
    return command.out();
  }

  private Path keyFile(String name) {
    Path file = folder.resolve(name);
    KeyFile.write(file, ClusterKey.random());
    return file;
  }

  private Path copy(Path key, String name) {
    Path file = folder.resolve(name);
    KeyFile.write(file, KeyFile.read(key).getFirst());
    return file;
  }

  private NodeProcess startWorker(Path key) {
    return started(NodeProcess.lightWorker(port, "--cluster-key", key.toString()));
  }

  private NodeProcess started(NodeProcess process) {
    processes.add(process);
    return process;
  }

  private String ask() {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/v1/completions".formatted(apiPort)))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(QUESTION))
            .build();
    try {
      HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
      assertEquals(200, response.statusCode(), response.body());
      return new ObjectMapper().readTree(response.body()).at("/choices/0/text").asText();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
