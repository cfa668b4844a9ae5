package dllama.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dllama.api.view.ClusterView;
import dllama.api.view.Meter;
import dllama.generation.Scheduler;
import dllama.key.NodeKeys;
import dllama.session.ChatPrompts;
import dllama.session.ClusterRoot;
import dllama.session.LoadedModel;
import dllama.settings.Settings;
import dllama.slice.SliceCache;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;

/// A whole root with its API, in this JVM, on any free port. The model is the built-in one unless
/// the options name another.
public final class ApiTestServer implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofSeconds(120);

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final LoadedModel model;
  private final ClusterRoot root;
  private final Scheduler scheduler;
  private final ApiServer server;

  /// @param options `key=value` settings; those that are lists may repeat
  public ApiTestServer(String... options) {
    List<Settings.Option> all = new ArrayList<>();
    all.add(new Settings.Option("", "mode", "api"));
    all.add(new Settings.Option("", "nodes", "1"));
    all.add(new Settings.Option("", "threads", "1"));
    all.add(new Settings.Option("", "api.port", "0"));
    Map<String, List<String>> lists = new LinkedHashMap<>();
    for (String option : options) {
      String[] parts = option.split("=", 2);
      if (parts[0].matches("api\\.(key|origins)")) {
        lists.computeIfAbsent(parts[0], _ -> new ArrayList<>()).add(parts[1]);
      } else {
        all.add(new Settings.Option("", parts[0], parts[1]));
      }
    }
    lists.forEach((key, values) -> all.add(new Settings.Option("", key, values)));
    Settings settings = Settings.load(Optional.empty(), new Properties(), all);
    model = LoadedModel.open(settings.model());
    ChatPrompts prompts =
        ChatPrompts.of(
            settings.chat(),
            model.vocabulary(settings.model()),
            model.rendersTemplate(settings.model()));
    ClusterView view = new ClusterView();
    Meter meter = new Meter();
    root = ClusterRoot.start(settings, NodeKeys.none(), model, SliceCache.off(), view);
    scheduler =
        new Scheduler(
            root.forwardPass(),
            prompts.vocabulary(),
            settings.api().parallel(),
            root.recovery(),
            meter);
    server = ApiServer.start(settings, model, root, prompts, scheduler, meter, view);
  }

  /// Waits until answers are possible.
  public ApiTestServer ready() throws InterruptedException {
    root.awaitReady();
    root.release();
    return this;
  }

  public int port() {
    return server.address().getPort();
  }

  public URI uri(String path) {
    return URI.create("http://127.0.0.1:%d%s".formatted(port(), path));
  }

  public HttpResponse<String> get(String path, String... headers) {
    return send(HttpRequest.newBuilder(uri(path)).GET(), headers);
  }

  public HttpResponse<String> post(String path, String body, String... headers) {
    return send(
        HttpRequest.newBuilder(uri(path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body)),
        headers);
  }

  private HttpResponse<String> send(HttpRequest.Builder request, String... headers) {
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request.timeout(LIMIT).build());
  }

  /// Sends any request.
  public HttpResponse<String> send(HttpRequest request) {
    try {
      return client.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  public JsonNode json(HttpResponse<String> response) {
    try {
      return JSON.readTree(response.body());
    } catch (IOException e) {
      throw new UncheckedIOException(response.body(), e);
    }
  }

  /// The data of server-sent events, without comments and without `[DONE]`.
  public List<JsonNode> events(HttpResponse<String> response) {
    return Arrays.stream(response.body().split("\n"))
        .filter(line -> line.startsWith("data: ") && !line.equals("data: [DONE]"))
        .map(line -> read(line.substring(6)))
        .collect(Collectors.toList());
  }

  public static JsonNode read(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(text, e);
    }
  }

  /// A figure of `/metrics`.
  public double metric(String name) {
    return get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  @Override
  public void close() {
    server.close();
    scheduler.close();
    root.close();
    model.close();
  }
}
