import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Asks one question after the other, and looks at the answers.
final class Client {
  /// @param json a chat completion without `stream`
  record Question(String name, Map<String, Object> json) {}

  /// @param text of the answer and why it ended
  /// @param pauses longest time without news, in ms: to the first token, and after it
  record Answered(String text, double first, double longest, long longestAt) {}

  /// The answer was not one, in words.
  static final class Failed extends Exception {
    private static final long serialVersionUID = 1;

    Failed(String why) {
      super(why);
    }
  }

  /// Longest time that an answer may take: several faults, each with its deadlines.
  private static final Duration DEADLINE = Duration.ofSeconds(120);

  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI chat;
  private final Story story;

  Client(String base, Story story) {
    chat = URI.create(base + "/v1/chat/completions");
    this.story = story;
  }

  /// @throws Failed if there was none, or none in time
  Answered ask(Question question, boolean stream) throws Failed, InterruptedException {
    try (HttpClient client =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      Callable<Answered> work = () -> stream ? stream(client, question) : whole(client, question);
      var task = new FutureTask<>(work);
      Thread thread = Thread.ofPlatform().daemon().start(task);
      try {
        return task.get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        thread.interrupt();
        client.shutdownNow();
        throw new Failed("HANGS: no end after " + DEADLINE.toSeconds() + " s");
      } catch (ExecutionException e) {
        if (e.getCause() instanceof Failed failed) {
          throw failed;
        }
        throw new Failed("LOST: " + e.getCause());
      }
    }
  }

  private HttpRequest request(Question question, boolean stream) throws IOException {
    Map<String, Object> body = new java.util.LinkedHashMap<>(question.json);
    body.put("stream", stream);
    return HttpRequest.newBuilder(chat)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
        .build();
  }

  private Answered whole(HttpClient client, Question question)
      throws IOException, InterruptedException, Failed {
    long start = System.nanoTime();
    var response =
        client.send(request(question, false), HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new Failed("LOST: " + response.statusCode() + " " + response.body());
    }
    JsonNode choice = JSON.readTree(response.body()).at("/choices/0");
    double took = (System.nanoTime() - start) / 1e6;
    return new Answered(
        choice.at("/message/content").asText() + "|" + choice.at("/finish_reason").asText(),
        took, -1, 0);
  }

  private Answered stream(HttpClient client, Question question)
      throws IOException, InterruptedException, Failed {
    long start = System.nanoTime();
    var response =
        client.send(request(question, true), HttpResponse.BodyHandlers.ofInputStream());
    try (var in =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      if (response.statusCode() != 200) {
        throw new Failed("LOST: " + response.statusCode() + " " + in.readLine());
      }
      StringBuilder text = new StringBuilder();
      String reason = "";
      long last = start;
      double first = -1;
      double longest = 0;
      long longestAt = 0;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.equals("data: [DONE]")) {
          return new Answered(text + "|" + reason, first, longest, longestAt);
        }
        if (!line.startsWith("data: {")) {
          continue;
        }
        JsonNode event = JSON.readTree(line.substring(6));
        if (event.has("error")) {
          throw new Failed("LOST: " + line);
        }
        JsonNode choice = event.at("/choices/0");
        String piece = choice.at("/delta/content").asText("");
        String end = choice.at("/finish_reason").asText("");
        reason = end.isEmpty() || end.equals("null") ? reason : end;
        if (!piece.isEmpty()) {
          long now = System.nanoTime();
          double gap = (now - last) / 1e6;
          last = now;
          if (first < 0) {
            first = gap;
          } else if (gap > longest) {
            longest = gap;
            longestAt = story.now();
          }
          text.append(piece);
        }
      }
      throw new Failed("LOST: a stream without an end, after: " + text);
    }
  }

  /// What the root says of its cluster: its state, nodes that compute, workers that stand by.
  String cluster() throws InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      var response =
          client.send(
              HttpRequest.newBuilder(chat.resolve("/cluster"))
                  .timeout(Duration.ofSeconds(5))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      JsonNode cluster = JSON.readTree(response.body());
      int computing = 0;
      for (JsonNode node : cluster.get("nodes")) {
        computing += node.has("rank") ? 1 : 0;
      }
      return "%s %d %d"
          .formatted(
              cluster.get("state").asText(), computing, cluster.get("nodes").size() - computing);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /// Questions whose answers are known: greedy ones and drawn ones, short and long prompts.
  static java.util.List<Question> questions() {
    String[] texts = {
      "What is 2 plus 3?", "Tell me a story", "How do I start a worker?", "Hi", "Why 2^n?",
      "Write about nodes. ".repeat(24) + "What was that?"
    };
    var all = new java.util.ArrayList<Question>();
    Random random = new Random(7);
    for (int i = 0; i < texts.length; i++) {
      for (int seed = 0; seed < 3; seed++) {
        Map<String, Object> body = new java.util.LinkedHashMap<>();
        body.put(
            "messages", java.util.List.of(Map.of("role", "user", "content", texts[i])));
        body.put("max_tokens", random.nextInt(40, 140));
        body.put("temperature", seed == 0 ? 0.0 : 1.1);
        body.put("seed", seed);
        all.add(new Question((seed == 0 ? "greedy " : "seed " + seed + " ") + i, body));
      }
    }
    return all;
  }
}
