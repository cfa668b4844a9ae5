package dllama.api;

import akka.actor.typed.ActorSystem;
import akka.http.javadsl.model.HttpResponse;
import dllama.api.anthropic.Anthropic;
import dllama.api.anthropic.MessagesEndpoint;
import dllama.api.http.Dialect;
import dllama.api.http.Endpoint;
import dllama.api.http.HttpServer;
import dllama.api.http.Router;
import dllama.api.ollama.Ollama;
import dllama.api.ollama.OllamaAnswers;
import dllama.api.ollama.OllamaEmbeddings;
import dllama.api.ollama.OllamaModels;
import dllama.api.openai.ChatCompletions;
import dllama.api.openai.Completions;
import dllama.api.openai.Embeddings;
import dllama.api.openai.Models;
import dllama.api.openai.OpenAi;
import dllama.api.openai.Responses;
import dllama.api.service.Answerer;
import dllama.api.service.Embedder;
import dllama.api.service.ModelCard;
import dllama.api.view.ClusterStatus;
import dllama.api.view.ClusterView;
import dllama.api.view.Meter;
import dllama.api.view.Metrics;
import dllama.api.view.Page;
import dllama.cluster.ServiceSystem;
import dllama.generation.Scheduler;
import dllama.prediction.Outlook;
import dllama.session.ChatPrompts;
import dllama.session.LoadedModel;
import dllama.session.Root;
import dllama.settings.Settings;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// A root over HTTP: all endpoints of all dialects, and the page. Has an actor system of its own,
/// because a node's sockets are the exchange's (see [ServiceSystem]).
public final class ApiServer implements AutoCloseable {
  private final ActorSystem<Void> system;
  private final HttpServer server;
  private final Answerer answerer;
  private final Embedder embedder;

  /// Begins to serve; until the root's nodes are ready, requests for answers wait a moment, and are
  /// told to come again.
  ///
  /// @param scheduler that answers; the chat beside it has the same one
  /// @param meter that is told of its steps
  /// @param view that is told of the root's cluster
  /// @throws dllama.error.UserException if the address can not be bound
  public static ApiServer start(
      Settings settings,
      LoadedModel model,
      Root root,
      ChatPrompts prompts,
      Scheduler scheduler,
      Meter meter,
      ClusterView view) {
    ActorSystem<Void> system = ServiceSystem.start("dllama-api", settings.akka());
    try {
      return new ApiServer(system, settings, model, root, prompts, scheduler, meter, view);
    } catch (RuntimeException e) {
      system.terminate();
      throw e;
    }
  }

  private ApiServer(
      ActorSystem<Void> system,
      Settings settings,
      LoadedModel model,
      Root root,
      ChatPrompts prompts,
      Scheduler scheduler,
      Meter meter,
      ClusterView view) {
    this.system = system;
    String template = String.valueOf(prompts.vocabulary().chatTemplate());
    ModelCard card = ModelCard.of(model, template);
    answerer = new Answerer(root, scheduler, prompts, model.contextLimit(), settings);
    embedder = new Embedder(answerer, card.dim(), settings.api().parallel());
    AtomicReference<@Nullable HttpServer> started = new AtomicReference<>();
    Metrics metrics =
        new Metrics(meter, answerer.admission(), view, () -> connections(started.get()));
    metrics.nodes(root);
    var status =
        new ClusterStatus(
            root, view, meter, answerer.admission(), card, model.bytesByNodes(), outlook(model));
    server = new HttpServer(system, settings.api(), routes(card, status, view, metrics));
    started.set(server);
  }

  private static Outlook outlook(LoadedModel model) {
    return new Outlook(model.spec(), model.exchange(), model.kv(), model.contextLength());
  }

  private static int connections(@Nullable HttpServer server) {
    return server == null ? 0 : server.connections();
  }

  private Router routes(ModelCard card, ClusterStatus status, ClusterView view, Metrics metrics) {
    var operations = new Operations(answerer, status, view);
    var models = new Models(card);
    var page = new Page();
    Routes routes = new Routes(metrics);
    routes.openAi("GET", "/v1/models", models::list);
    routes.openAi("GET", "/v1/models/*", models::one);
    routes.openAi("POST", "/v1/chat/completions", new ChatCompletions(answerer, card)::answer);
    routes.openAi("POST", "/v1/completions", new Completions(answerer, card)::answer);
    routes.openAi("POST", "/v1/embeddings", new Embeddings(embedder, card)::answer);
    routes.openAi("POST", "/tokenize", operations::tokenize);
    routes.openAi("POST", "/detokenize", operations::detokenize);
    routes.openAi("POST", "/apply-template", operations::applyTemplate);
    responses(routes, card);
    anthropic(routes, card);
    ollama(routes, card);
    routes.openAi("GET", "/cluster", operations::cluster);
    routes.openAi("GET", "/metrics", metrics::answer);
    routes.open("GET", "/health", operations::health);
    routes.open("GET", "/ready", operations::ready);
    routes.open("GET", "/", page::index);
    routes.open("GET", "/web/*", page::file);
    return routes.router;
  }

  private void responses(Routes routes, ModelCard card) {
    var responses = new Responses(answerer, card);
    routes.openAi("POST", "/v1/responses", responses::create);
    routes.openAi("GET", "/v1/responses/*", responses::get);
    routes.openAi("DELETE", "/v1/responses/*", responses::delete);
  }

  private void anthropic(Routes routes, ModelCard card) {
    var messages = new MessagesEndpoint(answerer, card);
    routes.add(Anthropic::error, "POST", "/v1/messages", messages::answer);
    routes.add(Anthropic::error, "POST", "/v1/messages/count_tokens", messages::count);
  }

  private void ollama(Routes routes, ModelCard card) {
    var models = new OllamaModels(card, answerer);
    var answers = new OllamaAnswers(answerer, card);
    var embeddings = new OllamaEmbeddings(embedder, card);
    routes.add(Ollama::error, "GET", "/api/version", models::version);
    routes.add(Ollama::error, "GET", "/api/tags", models::tags);
    routes.add(Ollama::error, "GET", "/api/ps", models::running);
    routes.add(Ollama::error, "POST", "/api/show", models::show);
    routes.add(Ollama::error, "POST", "/api/chat", answers::chat);
    routes.add(Ollama::error, "POST", "/api/generate", answers::generate);
    routes.add(Ollama::error, "POST", "/api/embed", embeddings::embed);
    routes.add(Ollama::error, "POST", "/api/embeddings", embeddings::embeddings);
    for (String change : List.of("pull", "push", "create", "copy")) {
      routes.add(Ollama::error, "POST", "/api/" + change, models::refuse);
    }
    routes.add(Ollama::error, "DELETE", "/api/delete", models::refuse);
  }

  /// Adds endpoints that count what they answer.
  private static final class Routes {
    private final Router router = new Router(OpenAi::error);
    private final Metrics metrics;

    Routes(Metrics metrics) {
      this.metrics = metrics;
    }

    void openAi(String method, String path, Endpoint endpoint) {
      add(OpenAi::error, method, path, endpoint);
    }

    void add(Dialect dialect, String method, String path, Endpoint endpoint) {
      router.add(method, path, dialect, counted(path, endpoint));
    }

    /// Without a key.
    void open(String method, String path, Endpoint endpoint) {
      router.addOpen(method, path, OpenAi::error, counted(path, endpoint));
    }

    private Endpoint counted(String path, Endpoint endpoint) {
      return call -> {
        long start = System.nanoTime();
        int status = 500;
        try {
          HttpResponse response = endpoint.answer(call);
          status = response.status().intValue();
          return response;
        } catch (dllama.api.http.ApiException e) {
          status = e.status();
          throw e;
        } finally {
          metrics.answered(path, status, System.nanoTime() - start);
        }
      };
    }
  }

  /// Where it listens.
  public InetSocketAddress address() {
    return server.address();
  }

  @Override
  public void close() {
    server.close();
    answerer.close();
    system.terminate();
  }
}
