package dllama.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Four nodes and a spare as real processes; workers are killed or frozen while a prompt is read,
/// while tokens are made, and in between: every answer is that of nodes that stay.
@Tag("by-the-clock")
class RecoveryIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration FORM = NodeProcess.FORM;

  /// Long enough to be read in many steps.
  private static final String PROMPT = String.join(" ", Collections.nCopies(8, "Once upon a time"));

  private static final Predicate<String> READING = line -> line.startsWith(": read ");

  @TempDir static Path folder;

  private TinyFiles tiny;

  private final int port = FreePort.find();
  private final int apiPort = FreePort.find();
  private final int alonePort = FreePort.find();
  private final HttpClient client = HttpClient.newHttpClient();
  private final List<NodeProcess> processes = new ArrayList<>();

  /// Those that are alive, in the order in which they came: the first three compute.
  private final Deque<NodeProcess> workers = new ArrayDeque<>();

  @AfterEach
  void killAll() {
    processes.forEach(NodeProcess::close);
  }

  @Test
  void shouldAnswerAsNodesThatStayWould() throws Exception {
    tiny = TinyFiles.make(folder);
    NodeProcess alone = startRoot(FreePort.find(), 1, alonePort);
    alone.awaitError("page at", 1, FORM);
    NodeProcess root = startRoot(port, 4, apiPort);
    startWorkers(4);
    root.awaitError("4 nodes ready", 1, FORM);
    root.awaitError("is here", 4, FORM);
    int prompt = 0;
    for (String signal : List.of("KILL", "STOP")) {
      String temperature = signal.equals("KILL") ? "0" : "0.9";
      for (Predicate<String> when : List.<Predicate<String>>of(READING, new Count(20))) {
        Question question = new Question(++prompt, temperature);
        String expected = answer(alonePort, question, _ -> {});
        boolean[] lost = new boolean[1];
        String answer =
            answer(
                apiPort,
                question,
                line -> {
                  if (!lost[0] && when.test(line)) {
                    lost[0] = true;
                    lose(root, signal);
                  }
                });
        assertTrue(lost[0], "lost too late: " + answer);
        assertEquals(expected, answer);
      }
      lose(root, signal); // while nobody is answered
      Question question = new Question(++prompt, "0");
      assertEquals(answer(alonePort, question, _ -> {}), answer(apiPort, question, _ -> {}));
    }
    assertTrue(count(root, "go on,") >= 6, root::toString);
  }

  /// True once, at the so-many-th event.
  private static final class Count implements Predicate<String> {
    private int left;

    Count(int left) {
      this.left = left;
    }

    @Override
    public boolean test(String line) {
      return line.startsWith("data: ") && --left == 0;
    }
  }

  /// Answers do not end by themselves: 1009 and 1017 are the ends that the vocabulary has.
  private record Question(int number, String temperature) {
    String body() {
      return """
          {"prompt":"%d %s","max_tokens":60,"temperature":%s,"seed":7,"stream":true,
           "logit_bias":{"1009":-100,"1017":-100}}
          """
          .formatted(number, PROMPT, temperature);
    }
  }

  private NodeProcess startRoot(int port, int nodes, int apiPort) {
    NodeProcess root =
        NodeProcess.lightRoot(
            port,
            nodes,
            "api",
            "--api-port",
            String.valueOf(apiPort),
            "--model",
            tiny.model().toString(),
            "--tokenizer",
            tiny.tokenizer().toString(),
            "--buffer-float-type",
            "f32",
            "-Ddllama.prefill-batch=16");
    processes.add(root);
    return root;
  }

  private void startWorkers(int count) {
    List<NodeProcess> started = NodeProcess.workers(port, count);
    processes.addAll(started);
    workers.addAll(started);
  }

  /// Loses a worker that computes; another one becomes the spare.
  private void lose(NodeProcess root, String signal) {
    long before = count(root, "go on,");
    long here = count(root, "is here");
    NodeProcess lost = workers.removeFirst();
    lost.signal(signal);
    root.await(FORM, node -> count(node, "go on,") > before);
    lost.signal("KILL");
    startWorkers(1);
    root.await(FORM, node -> count(node, "is here") > here);
  }

  private static long count(NodeProcess node, String part) {
    return node.err().stream().filter(line -> line.contains(part)).count();
  }

  /// The text of an answer.
  ///
  /// @param lines is told the lines of the stream
  private String answer(int apiPort, Question question, Consumer<String> lines)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/v1/completions".formatted(apiPort)))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(question.body()))
            .build();
    var response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    assertEquals(200, response.statusCode());
    StringBuilder text = new StringBuilder();
    String last = "";
    try (var reader =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.startsWith("data: {")) {
          text.append(JSON.readTree(line.substring(6)).at("/choices/0/text").asText());
        }
        last = line.isEmpty() ? last : line;
        lines.accept(line);
      }
    }
    assertEquals("data: [DONE]", last, text.toString());
    return text.toString();
  }
}
