package dllama.cli;

import dllama.prediction.Prediction;
import dllama.settings.Device;
import dllama.settings.Link;
import java.util.List;

/// What `plan` says; its JSON document. Bytes of traffic are with the headers of frames; speeds are
/// predicted.
///
/// @param weights type of the weights, as `exchange` and `kv` are those of partials and cache
/// @param prefillBatch tokens of a prompt that are computed together
/// @param rows one for each number of nodes
/// @param unusable why some numbers of nodes can not be used
/// @param problems what does not fit, and what to do; empty if all fits
record PlanResult(
    String model,
    String architecture,
    String weights,
    String exchange,
    String kv,
    int contextLength,
    int promptTokens,
    int prefillBatch,
    DeviceFigures device,
    LinkFigures link,
    List<Row> rows,
    List<String> unusable,
    List<String> problems) {

  /// What every node is.
  ///
  /// @param readGbPerSecond of weights, 10^9 bytes
  /// @param productsPerSecond billions of multiply-adds
  record DeviceFigures(
      String name,
      boolean measured,
      long memoryBytes,
      long usableBytes,
      int cores,
      double readGbPerSecond,
      double productsPerSecond,
      double exchangeMs,
      double messageMs) {
    static DeviceFigures of(Device device) {
      return new DeviceFigures(
          device.name(),
          device.measured(),
          device.memoryBytes(),
          device.usableBytes(),
          device.cores(),
          Json.rounded(device.readRate() / 1e9),
          Json.rounded(device.productRate() / 1e9),
          Json.rounded(device.exchange().toNanos() / 1e6),
          Json.rounded(device.message().toNanos() / 1e6));
    }
  }

  /// What is between them.
  record LinkFigures(String name, double mbitPerSecond, double latencyMs, boolean shared) {
    static LinkFigures of(Link link) {
      return new LinkFigures(
          link.name(),
          Json.rounded(link.bitsPerSecond() / 1e6),
          Json.rounded(link.latency().toNanos() / 1e6),
          link.shared());
    }
  }

  /// Bytes on each node; the root's embedding stays in the mapped file and is not among them.
  record MemoryBytes(long slice, long cache, long process, long total) {}

  /// Bytes per decoded token.
  record TrafficBytes(long rootSent, long rootReceived, long allNodes) {}

  /// Parts of a decoded token, and their sum.
  record TokenMs(double read, double attention, double exchange, double logits, double total) {}

  /// One number of nodes.
  ///
  /// @param loadSeconds of the workers' slices on the link, at the first start
  record Row(
      int nodes,
      boolean fits,
      MemoryBytes memory,
      TrafficBytes traffic,
      TokenMs msPerToken,
      double tokensPerSecond,
      double prefillTokensPerSecond,
      double firstTokenSeconds,
      double loadSeconds) {}

  static Row row(Prediction prediction, Device device) {
    Prediction.Memory memory = prediction.memory();
    Prediction.Token token = prediction.token();
    return new Row(
        prediction.plan().worldSize(),
        prediction.fits(device),
        new MemoryBytes(memory.slice(), memory.cache(), memory.process(), memory.total()),
        new TrafficBytes(
            prediction.traffic().sentByRoot(),
            prediction.traffic().receivedByRoot(),
            prediction.traffic().sentByAll()),
        new TokenMs(
            Json.rounded(token.read()),
            Json.rounded(token.attention()),
            Json.rounded(token.exchange()),
            Json.rounded(token.logits()),
            Json.rounded(token.total())),
        Json.rounded(prediction.tokensPerSecond()),
        Json.rounded(prediction.promptTokensPerSecond()),
        Json.rounded(prediction.promptMs() / 1e3),
        Json.rounded(prediction.loadMs() / 1e3));
  }
}
