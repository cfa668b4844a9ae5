package dllama.api.http;

import akka.Done;
import akka.NotUsed;
import akka.actor.typed.ActorSystem;
import akka.http.javadsl.ConnectionContext;
import akka.http.javadsl.Http;
import akka.http.javadsl.IncomingConnection;
import akka.http.javadsl.ServerBinding;
import akka.http.javadsl.ServerBuilder;
import akka.http.javadsl.model.HttpMethods;
import akka.http.javadsl.model.HttpRequest;
import akka.http.javadsl.model.HttpResponse;
import akka.http.javadsl.settings.ServerSettings;
import akka.http.scaladsl.model.EntityStreamException;
import akka.http.scaladsl.model.EntityStreamSizeException;
import akka.http.scaladsl.model.IllegalRequestException;
import akka.stream.KillSwitches;
import akka.stream.Materializer;
import akka.stream.UniqueKillSwitch;
import akka.stream.javadsl.Flow;
import akka.stream.javadsl.Keep;
import akka.stream.javadsl.Sink;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import dllama.error.UserException;
import dllama.settings.ApiSettings;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The HTTP server: takes connections and requests, as many and as large as the settings allow, and
/// has each answered on a virtual thread of its own. A caller who goes away is noticed while the
/// answer is made ([Call#gone]), one who says nothing, or says it too slowly, is let go.
public final class HttpServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);
  private static final Duration START = Duration.ofSeconds(30);

  private final ActorSystem<?> system;
  private final Materializer materializer;
  private final ApiSettings settings;
  private final Router router;
  private final Access access;
  private final Connections connections;
  private final ExecutorService threads =
      Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("api-", 0).factory());
  private final ServerBinding binding;

  /// Begins to serve.
  ///
  /// @param system whose dispatchers it uses; not a node's
  /// @throws UserException if the address can not be bound, or the certificate not be read
  public HttpServer(ActorSystem<?> system, ApiSettings settings, Router router) {
    this.system = system;
    materializer = Materializer.matFromSystem(system.classicSystem());
    this.settings = settings;
    this.router = router;
    access = new Access(settings);
    connections = new Connections(settings);
    Http http = Http.get(system.classicSystem());
    ServerBuilder builder =
        http.newServerAt(settings.host(), settings.port()).withSettings(serverSettings());
    Optional<ApiSettings.Tls> tls = settings.tls();
    ServerBuilder secured =
        tls.isPresent()
            ? builder.enableHttps(ConnectionContext.httpsServer(Certificates.context(tls.get())))
            : builder;
    binding = bound(secured.connectionSource().to(Sink.foreach(this::accept)).run(system));
  }

  private ServerBinding bound(CompletionStage<ServerBinding> begun) {
    try {
      return begun.toCompletableFuture().get(START.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new UserException(
          "%s:%d can not be bound for HTTP: is another program using it? --api-port chooses another port"
              .formatted(settings.host(), settings.port()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted while the HTTP server started", e);
    }
  }

  private ServerSettings serverSettings() {
    String limits =
        """
        akka.http.server {
          server-header = dllama-akka
          idle-timeout = infinite        # ours knows whether an answer is under way
          request-timeout = infinite     # as is the time of an answer
          bind-timeout = 5s
          linger-timeout = 5s
          max-connections = %d
          pipelining-limit = 2           # so that it reads on, and sees the end, while we answer
          transparent-head-requests = on
          remote-address-attribute = off
          parsing {
            error-handler = "%s"
            max-content-length = %d
            max-to-strict-bytes = %<d
            max-uri-length = 8k
            max-header-count = 100
            max-header-value-length = 16k
            illegal-header-warnings = off
            error-logging-verbosity = off
            uri-parsing-mode = relaxed
          }
        }
        """
            .formatted(
                settings.connections() + 64,
                ParsingErrors.class.getName(),
                settings.maxBodyBytes());
    return ServerSettings.create(limits);
  }

  /// Where it listens.
  public InetSocketAddress address() {
    return binding.localAddress();
  }

  /// How many connections are open.
  public int connections() {
    return connections.count();
  }

  private void accept(IncomingConnection incoming) {
    String address = incoming.remoteAddress().getAddress().getHostAddress();
    Connection connection = connections.open(address);
    if (connection == null) {
      incoming.handleWith(
          Flow.fromSinkAndSource(Sink.<HttpRequest>cancelled(), Source.<HttpResponse>empty()),
          materializer);
      return;
    }
    UniqueKillSwitch line = incoming.handleWith(flow(connection), materializer);
    watch(connection, line);
  }

  /// Two at a time, so that the end of the caller's side is seen while one is answered.
  private Flow<HttpRequest, HttpResponse, UniqueKillSwitch> flow(Connection connection) {
    return Flow.of(HttpRequest.class)
        .<NotUsed>watchTermination(
            (_, end) -> {
              end.whenComplete((_, _) -> ended(connection));
              return NotUsed.getInstance();
            })
        .mapAsync(2, request -> answer(connection, request))
        .viaMat(KillSwitches.single(), Keep.right());
  }

  private void ended(Connection connection) {
    if (connection.gone().complete(null)) {
      connections.close(connection);
    }
  }

  /// Lets go of a caller who says nothing: tells him first, and lets what was answered be taken; if
  /// that takes as long again, the connection is cut.
  private void watch(Connection connection, UniqueKillSwitch line) {
    if (connection.gone().isDone()) {
      return;
    }
    Duration limit = settings.idleTimeout();
    long idle = connection.idle();
    if (idle > 2 * limit.toNanos()) {
      line.abort(new TimeoutException("idle"));
      ended(connection);
      return;
    }
    if (idle > limit.toNanos()) {
      line.shutdown();
    }
    system
        .scheduler()
        .scheduleOnce(limit.dividedBy(4), () -> watch(connection, line), system.executionContext());
  }

  private CompletionStage<HttpResponse> answer(Connection connection, HttpRequest request) {
    connection.begin();
    String path = request.getUri().path();
    return body(connection, request, path)
        .handle((response, failure) -> failure == null ? response : refusal(path, failure))
        .thenApply(response -> response.addHeaders(access.headers(request)))
        .thenApply(response -> watched(connection, response));
  }

  /// The connection has nothing to wait for once the answer is sent.
  private HttpResponse watched(Connection connection, HttpResponse response) {
    if (!response.entity().isChunked()) {
      connection.end();
      return response;
    }
    return response.transformEntityDataBytes(
        Flow.<ByteString>create()
            .backpressureTimeout(settings.idleTimeout().multipliedBy(2))
            .watchTermination(
                (nothing, end) -> {
                  end.whenComplete((_, _) -> connection.end());
                  return nothing;
                }));
  }

  private CompletionStage<HttpResponse> body(
      Connection connection, HttpRequest request, String path) {
    try {
      if (request.method().equals(HttpMethods.OPTIONS)) {
        request.discardEntityBytes(system);
        return CompletableFuture.completedFuture(options(request, path));
      }
      String caller = access.caller(request, connection.address(), router.isOpen(path));
      Router.Route route = router.find(request.method().value(), path);
      if (request.entity().getContentLengthOption().orElse(0) > settings.maxBodyBytes()) {
        throw tooLarge();
      }
      return request
          .entity()
          .toStrict(settings.idleTimeout().toMillis(), settings.maxBodyBytes(), system)
          .thenCompose(
              entity -> {
                Call call =
                    new Call(
                        request.withEntity(entity),
                        caller,
                        entity.getData().toArray(),
                        route.tail(path),
                        connection.gone());
                return CompletableFuture.supplyAsync(() -> respond(route, call), threads);
              });
    } catch (ApiException e) {
      discard(request);
      return CompletableFuture.failedFuture(e);
    }
  }

  /// What is not read would stand in front of the next request.
  private void discard(HttpRequest request) {
    CompletionStage<Done> read = request.discardEntityBytes(system).completionStage();
    read.exceptionally(_ -> Done.getInstance()); // too long: the connection ends
  }

  private HttpResponse options(HttpRequest request, String path) {
    String methods = String.join(", ", router.methods(path));
    return HttpResponse.create()
        .withStatus(methods.isEmpty() ? 404 : 204)
        .addHeaders(access.preflight(request, methods));
  }

  private static HttpResponse respond(Router.Route route, Call call) {
    try {
      return route.endpoint().answer(call);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ApiException.later(503, "the server ends", "shutting_down", 5);
    }
  }

  private HttpResponse refusal(String path, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return Answers.refusal(router.dialect(path), why(cause));
  }

  private ApiException tooLarge() {
    return ApiException.of(
        413,
        "the body is longer than %d bytes, the server's limit".formatted(settings.maxBodyBytes()),
        "",
        "body_too_large");
  }

  private ApiException why(Throwable cause) {
    return switch (cause) {
      case ApiException known -> known;
      case UserException known -> ApiException.bad(String.valueOf(known.getMessage()));
      case EntityStreamSizeException _ -> tooLarge();
      case TimeoutException _ ->
          ApiException.of(408, "the body did not come in time", "", "request_timeout");
      case IllegalRequestException e -> ApiException.bad(e.info().summary());
      case EntityStreamException _ -> ApiException.bad("the body ended before its length");
      default -> {
        LOG.error("a request could not be answered; this is a bug, please report it", cause);
        yield ApiException.of(500, "a mistake of the server, which its log tells", "", "internal");
      }
    };
  }

  /// Lets answers under way end for a moment, then closes all connections.
  @Override
  public void close() {
    threads.shutdownNow();
    try {
      binding.terminate(Duration.ofSeconds(1)).toCompletableFuture().get(3, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("connections were still open", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
