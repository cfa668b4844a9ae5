package dllama.api.view;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import dllama.api.http.Answers;
import dllama.api.http.Call;
import dllama.api.service.Admission;
import dllama.cluster.root.NodeState;
import dllama.cluster.root.NodesHere;
import dllama.error.UserException;
import dllama.session.Root;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.OptionalInt;
import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;
import java.util.function.ToDoubleFunction;

/// Figures for Prometheus. Any thread.
public final class Metrics {
  private static final ContentType TYPE = ContentTypes.TEXT_PLAIN_UTF8;

  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final Counter requests;
  private final Histogram seconds;

  /// @param connections that are open
  public Metrics(Meter meter, Admission admission, ClusterView cluster, IntSupplier connections) {
    requests =
        Counter.builder()
            .name("dllama_requests_total")
            .help("Requests answered, by path and status.")
            .labelNames("path", "status")
            .register(registry);
    seconds =
        Histogram.builder()
            .name("dllama_request_seconds")
            .help("Time until a request was answered; of a stream, until it began.")
            .classicOnly()
            .labelNames("path")
            .register(registry);
    counter("dllama_prompt_tokens_total", "Tokens of prompts computed.", meter::readTokens);
    counter("dllama_decoded_tokens_total", "Tokens of answers computed.", meter::decodedTokens);
    counter("dllama_steps_total", "Steps of the model.", meter::steps);
    counter("dllama_step_seconds_total", "Time of steps.", meter::seconds);
    counter(
        "dllama_sync_seconds_total",
        "Time of steps in which the root waited for other nodes.",
        meter::waitedSeconds);
    gauge("dllama_answers_running", "Answers that are computed.", admission::running);
    gauge("dllama_answers_waiting", "Requests that wait.", admission::waiting);
    gauge("dllama_nodes", "Nodes that compute.", cluster::nodes);
    gauge("dllama_connections", "Open connections.", connections);
  }

  /// Figures of nodes, by address and role.
  ///
  /// @param root asked for each scrape
  public void nodes(Root root) {
    node(
        root,
        "dllama_node_memory_bytes",
        "Memory of a node's machine.",
        state -> known((double) state.figures().memoryTotal()));
    node(
        root,
        "dllama_node_memory_available_bytes",
        "Of that, what is free.",
        state -> known((double) state.figures().memoryAvailable()));
    node(
        root,
        "dllama_node_load",
        "Threads that want to run on a node.",
        state -> known(state.figures().load()));
    node(
        root,
        "dllama_node_round_trip_seconds",
        "The shortest way to a node and back of the last ten seconds.",
        state -> state.roundTripMs().orElse(Double.NaN) / 1e3);
    node(
        root,
        "dllama_node_wait_share",
        "Part of the time of steps in which other nodes waited for this one.",
        state -> state.waitShare().orElse(Double.NaN));
  }

  private static double known(double figure) {
    return figure < 0 ? Double.NaN : figure;
  }

  /// Nodes of which it is not known are left out.
  private void node(Root root, String name, String help, ToDoubleFunction<NodeState> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("node", "role")
        .callback(
            callback -> {
              NodesHere here = here(root);
              here.states()
                  .forEach(
                      (address, state) -> {
                        double figure = value.applyAsDouble(state);
                        if (!Double.isNaN(figure)) {
                          callback.call(figure, address, here.role(address));
                        }
                      });
            })
        .register(registry);
  }

  private static NodesHere here(Root root) {
    try {
      return root.nodes(OptionalInt.empty());
    } catch (UserException e) {
      return NodesHere.NONE; // it does not answer in time
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return NodesHere.NONE;
    }
  }

  private void counter(String name, String help, DoubleSupplier value) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> callback.call(value.getAsDouble()))
        .register(registry);
  }

  private void gauge(String name, String help, IntSupplier value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .callback(callback -> callback.call(value.getAsInt()))
        .register(registry);
  }

  /// A request was answered.
  ///
  /// @param path of the endpoint, not of the request: callers can not make names up
  public void answered(String path, int status, long nanos) {
    requests.labelValues(path, String.valueOf(status)).inc();
    seconds.labelValues(path).observe(nanos / 1e9);
  }

  /// All of them.
  public HttpResponse answer(Call call) {
    var out = new ByteArrayOutputStream();
    try {
      PrometheusTextFormatWriter.create().write(out, registry.scrape());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Answers.bytes(200, TYPE, out.toByteArray());
  }
}
