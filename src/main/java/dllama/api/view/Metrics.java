package dllama.api.view;

import akka.http.javadsl.model.ContentType;
import akka.http.javadsl.model.ContentTypes;
import akka.http.javadsl.model.HttpResponse;
import dllama.api.http.Answers;
import dllama.api.http.Call;
import dllama.api.service.Admission;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.DoubleSupplier;
import java.util.function.IntSupplier;

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
