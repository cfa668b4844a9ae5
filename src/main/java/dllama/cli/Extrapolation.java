package dllama.cli;

/// Figures for all layers of a model from those of two smaller numbers of layers: each has a part
/// that grows with the layers and one that does not, such as the logits'.
final class Extrapolation {
  private final int few;
  private final int many;
  private final int all;

  /// @param few layers of the smaller measurement
  /// @param many layers of the larger one
  /// @param all layers to tell the figures for
  Extrapolation(int few, int many, int all) {
    if (few < 1 || many <= few || all < many) {
      throw new IllegalArgumentException("few=%d many=%d all=%d".formatted(few, many, all));
    }
    this.few = few;
    this.many = many;
    this.all = all;
  }

  /// A figure for all layers. Whatever noise makes of the two, a layer takes no less than nothing,
  /// and no more than its share of the whole.
  double of(double withFew, double withMany) {
    double perLayer = Math.clamp((withMany - withFew) / (many - few), 0, withMany / many);
    return Math.round((withMany + perLayer * (all - many)) * 1000) / 1000.0;
  }

  /// A row for all layers.
  ///
  /// @param nodeBytes what the largest rank needs then
  BenchRow of(BenchRow withFew, BenchRow withMany, long nodeBytes) {
    double prefillMs = of(withFew.prefill().ms(), withMany.prefill().ms());
    double decodeMs = of(withFew.decode().ms(), withMany.decode().ms());
    int prefillTokens = withMany.prefill().tokens();
    int decodeTokens = withMany.decode().tokens();
    return new BenchRow(
        withMany.model(),
        withMany.weights(),
        all,
        many,
        withMany.nodes(),
        withMany.threads(),
        ofWhole(withFew.loadMs(), withMany.loadMs()),
        nodeBytes,
        new Timing.Prefill(prefillTokens, prefillMs, perSecond(prefillTokens, prefillMs)),
        new Timing.Decode(
            decodeTokens,
            decodeMs,
            of(withFew.decode().medianMsPerToken(), withMany.decode().medianMsPerToken()),
            perSecond(decodeTokens, decodeMs)),
        new Timing.Sync(
            of(withFew.sync().medianMsPerToken(), withMany.sync().medianMsPerToken()),
            ofWhole(withFew.sync().sentBytesPerToken(), withMany.sync().sentBytesPerToken()),
            ofWhole(
                withFew.sync().receivedBytesPerToken(), withMany.sync().receivedBytesPerToken())));
  }

  private long ofWhole(long withFew, long withMany) {
    return Math.round(of((double) withFew, (double) withMany));
  }

  private static double perSecond(int tokens, double ms) {
    return ms == 0 ? 0 : Math.round(tokens / ms * 1_000_000) / 1000.0;
  }
}
