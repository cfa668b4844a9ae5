package dllama.cli;

/// Figures for all layers of a model from those of some of them.
///
/// A step takes the time of its layers and of a rest, most of it for the logits. What the layers
/// take is measured by steps that are not asked for logits, right after those that are, in the same
/// cluster: two measurements apart, with unlike numbers of layers, differ by what the machine does
/// meanwhile, and that would be multiplied.
final class Extrapolation {
  private final double more;

  /// What one token takes without its logits; medians.
  ///
  /// @param syncMs of `ms`, what the root waited for other nodes
  record Layers(double ms, double syncMs, long sentBytes, long receivedBytes) {}

  /// @param measured layers of the model that runs
  /// @param all layers to tell the figures for
  Extrapolation(int measured, int all) {
    if (measured < 1 || all < measured) {
      throw new IllegalArgumentException("measured=%d all=%d".formatted(measured, all));
    }
    more = (double) (all - measured) / measured;
  }

  /// The timing of a run as it would be with all layers.
  Timing of(Timing run, Layers layers) {
    Timing.Prefill prefill = run.prefill();
    Timing.Decode decode = run.decode();
    Timing.Sync sync = run.sync();
    double logitsMs = Math.max(0, decode.medianMsPerToken() - layers.ms);
    double prefillMs = Json.rounded(prefill.ms() + more * Math.max(0, prefill.ms() - logitsMs));
    double decodeMs = Json.rounded(decode.ms() + more * decode.tokens() * layers.ms);
    return new Timing(
        new Timing.Prefill(prefill.tokens(), prefillMs, perSecond(prefill.tokens(), prefillMs)),
        new Timing.Decode(
            decode.tokens(),
            decodeMs,
            Json.rounded(decode.medianMsPerToken() + more * layers.ms),
            perSecond(decode.tokens(), decodeMs)),
        new Timing.Sync(
            Json.rounded(sync.medianMsPerToken() + more * layers.syncMs),
            Math.round(sync.sentBytesPerToken() + more * layers.sentBytes),
            Math.round(sync.receivedBytesPerToken() + more * layers.receivedBytes)));
  }

  private static double perSecond(int tokens, double ms) {
    return ms == 0 ? 0 : Json.rounded(tokens / ms * 1000);
  }
}
