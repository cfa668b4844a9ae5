package dllama.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dllama.error.UserException;
import dllama.settings.Settings;
import dllama.tokenizer.ChatTemplate.Message;
import dllama.tokenizer.ChatTemplate.Role;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// A root elsewhere answers, over its HTTP API. What was said is kept here, as text, and sent with
/// every question; thoughts are not.
final class RemotePartner implements Partner {
  /// In characters: more than a context holds.
  private static final int MAX_ANSWER = 1 << 26;

  private final RemoteRoot root;
  private final Map<String, Object> sampling;
  private final ModelFacts facts;
  private final List<Message> said = new ArrayList<>();
  private Optional<String> system;

  /// Tokens said so far, as far as the root tells, and what the last answer took.
  private int position;

  private String last = "";

  private volatile boolean stopped;
  private volatile @Nullable CompletableFuture<HttpResponse<InputStream>> sent;
  private volatile @Nullable InputStream stream;

  /// @param root closed with this
  /// @throws UserException if it can not be reached, or does not let us in
  RemotePartner(RemoteRoot root, Settings settings) throws InterruptedException {
    this.root = root;
    sampling = sampling(settings.sampler());
    system = settings.chat().system();
    JsonNode model = root.get("/v1/models").path("data").path(0);
    if (!model.path("id").isTextual()) {
      throw root.notARoot(null);
    }
    facts =
        new ModelFacts(
            model.path("id").asText(),
            model.path("meta").path("architecture").asText("?"),
            model.path("meta").path("weights").asText("?"),
            model.path("context_length").asInt(),
            0,
            root.place());
  }

  /// What of a request the user of this chat has set; what is as it is by default is the root's to
  /// decide.
  private static Map<String, Object> sampling(Settings.Sampler given) {
    Settings.Sampler usual = Settings.load(Optional.empty(), new Properties(), List.of()).sampler();
    Map<String, Object> fields = new LinkedHashMap<>();
    put(fields, "temperature", given.temperature(), usual.temperature());
    put(fields, "top_p", given.topp(), usual.topp());
    put(fields, "top_k", given.topk(), usual.topk());
    put(fields, "min_p", given.minp(), usual.minp());
    put(fields, "repeat_penalty", given.penalties().repeat(), usual.penalties().repeat());
    put(fields, "presence_penalty", given.penalties().presence(), usual.penalties().presence());
    put(fields, "frequency_penalty", given.penalties().frequency(), usual.penalties().frequency());
    given.seed().ifPresent(seed -> fields.put("seed", seed));
    return fields;
  }

  private static void put(Map<String, Object> to, String name, Object given, Object usual) {
    if (!given.equals(usual)) {
      to.put(name, given);
    }
  }

  @Override
  public Optional<String> system() {
    return system;
  }

  @Override
  public void setSystem(Optional<String> text) {
    system = text;
    reset();
  }

  @Override
  public void reset() {
    said.clear();
    position = 0;
    last = "";
  }

  @Override
  public List<Message> conversation() {
    return conversation(said);
  }

  private List<Message> conversation(List<Message> before) {
    List<Message> all = new ArrayList<>();
    system.ifPresent(text -> all.add(new Message(Role.SYSTEM, text)));
    all.addAll(before);
    return all;
  }

  @Override
  public void resume(List<Message> all) {
    boolean begins = !all.isEmpty() && all.getFirst().role() == Role.SYSTEM;
    setSystem(begins ? Optional.of(all.getFirst().text()) : Optional.empty());
    said.addAll(all.subList(begins ? 1 : 0, all.size()));
  }

  @Override
  public Optional<String> answer(String question, Listener to) {
    return answer(List.copyOf(said), question, to);
  }

  @Override
  public Optional<String> answerAgain(Listener to) {
    int question = said.size() - 2;
    return question < 0
        ? Optional.of("nothing was asked yet")
        : answer(List.copyOf(said.subList(0, question)), said.get(question).text(), to);
  }

  private Optional<String> answer(List<Message> before, String question, Listener to) {
    stopped = false;
    Message asked = new Message(Role.USER, question);
    List<Message> all = conversation(before);
    all.add(asked);
    StringBuilder answer = new StringBuilder();
    try {
      CompletableFuture<HttpResponse<InputStream>> request =
          root.post("/v1/chat/completions", request(all));
      sent = request;
      if (stopped) {
        request.cancel(true);
      }
      try (InputStream body = root.response(request).body()) {
        stream = body;
        receive(new EventLines(body), answer, to);
      }
    } catch (CancellationException | InterruptedException e) {
      return Optional.of("not asked");
    } catch (UserException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      return Optional.of(String.valueOf(root.lost(e).getMessage()));
    } finally {
      sent = null;
      stream = null;
      if (!answer.isEmpty()) {
        said.clear();
        said.addAll(before);
        said.add(asked);
        said.add(new Message(Role.ASSISTANT, answer.toString()));
      }
    }
    return Optional.empty();
  }

  private String request(List<Message> messages) {
    Map<String, Object> request = new LinkedHashMap<>(sampling);
    request.put("model", facts.name());
    request.put("stream", true);
    request.put("stream_options", Map.of("include_usage", true));
    request.put(
        "messages",
        messages.stream()
            .map(message -> Map.of("role", message.role().code(), "content", message.text()))
            .toList());
    return Json.line(request);
  }

  private void receive(EventLines events, StringBuilder answer, Listener to) throws IOException {
    String reason = "";
    try {
      for (Optional<String> data = events.next(); !stopped; data = events.next()) {
        if (data.isEmpty()) {
          throw new IOException("it ended before the answer did");
        }
        if (data.get().equals("[DONE]")) {
          break;
        }
        JsonNode event = Json.tree(data.get());
        if (event.has("error")) {
          to.failed(event.path("error").path("message").asText("the root could not answer"));
          return;
        }
        JsonNode choice = event.path("choices").path(0);
        reason = choice.path("finish_reason").asText(reason);
        show(choice.path("delta"), answer, to);
        account(event);
      }
    } catch (JsonProcessingException e) {
      throw root.notARoot(e);
    } catch (IOException e) {
      if (!stopped) {
        throw e;
      }
    }
    to.ended(
        stopped ? "stopped" : last,
        reason.equals("length") && !stopped
            ? Optional.of("no more room in the context or time for the answer; /reset starts over")
            : Optional.empty());
  }

  private static void show(JsonNode delta, StringBuilder answer, Listener to) throws IOException {
    if (delta.path("reasoning_content").isTextual()) {
      to.thought(delta.path("reasoning_content").textValue());
    }
    if (delta.path("content").isTextual()) {
      answer.append(delta.path("content").textValue());
      if (answer.length() > MAX_ANSWER) {
        throw new IOException("an answer without an end");
      }
      to.text(delta.path("content").textValue());
    }
  }

  /// The last event tells what the answer took.
  private void account(JsonNode event) {
    JsonNode usage = event.path("usage");
    if (usage.isObject()) {
      position = usage.path("total_tokens").asInt();
      last =
          "%d tokens, %.1f tokens/s"
              .formatted(
                  usage.path("completion_tokens").asInt(),
                  event.path("timings").path("predicted_per_second").asDouble());
    }
  }

  @Override
  public void stop() {
    stopped = true;
    CompletableFuture<?> request = sent;
    if (request != null) {
      request.cancel(true);
    }
    InputStream body = stream;
    if (body != null) {
      try {
        body.close();
      } catch (IOException e) {
        // it is over in any case
      }
    }
  }

  @Override
  public ModelFacts model() {
    int nodes = cluster().map(RemotePartner::computing).orElse(List.of()).size();
    return facts.with(nodes);
  }

  @Override
  public List<String> stats() {
    List<String> lines = new ArrayList<>();
    Optional<JsonNode> document = cluster();
    document.ifPresent(of -> lines.add("computing with " + of.path("computing").asText()));
    lines.add("%d of %d tokens of the context are used".formatted(position, facts.contextLength()));
    if (!last.isEmpty()) {
      lines.add("last answer: " + last);
    }
    document.ifPresent(of -> lines.addAll(NodeLines.of(of.path("nodes"))));
    return lines;
  }

  @Override
  public List<String> nodes(Optional<String> wanted) {
    if (wanted.isPresent()) {
      return List.of("how many nodes compute is decided at the root, not from here");
    }
    JsonNode document = cluster().orElse(null);
    if (document == null) {
      return List.of("the root at %s does not tell which nodes there are".formatted(root.place()));
    }
    List<String> computing = computing(document);
    return List.of(
        "%d %s: %s"
            .formatted(
                computing.size(),
                computing.size() == 1 ? "node computes" : "nodes compute",
                String.join(", ", computing)));
  }

  /// Empty if the root does not tell.
  private Optional<JsonNode> cluster() {
    try {
      return Optional.of(root.get("/cluster"));
    } catch (UserException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private static List<String> computing(JsonNode document) {
    List<String> nodes = new ArrayList<>();
    for (JsonNode node : document.path("nodes")) {
      if (!node.path("role").asText().equals("spare")) {
        nodes.add(node.path("address").asText(node.path("id").asText()));
      }
    }
    return nodes;
  }

  @Override
  public void close() {
    root.close();
  }
}
