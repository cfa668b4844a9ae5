package dllama.cli;

import dllama.generation.Usage;
import java.util.Optional;

/// What a generation took, in the units and under the names of the JSON results.
record Timing(Prefill prefill, Decode decode, Sync sync) {
  /// The prompt.
  record Prefill(int tokens, double ms, double tokensPerSecond) {}

  /// The tokens after the prompt; the first one comes with the prompt.
  record Decode(int tokens, double ms, double medianMsPerToken, double tokensPerSecond) {}

  /// What of it the root waited for other nodes, and its traffic; medians.
  record Sync(double medianMsPerToken, long sentBytesPerToken, long receivedBytesPerToken) {}

  static Timing of(Usage usage) {
    return new Timing(
        new Prefill(
            usage.prefillTokens(),
            millis(usage.prefillNanos()),
            Json.rounded(usage.prefillTokensPerSecond())),
        new Decode(
            usage.decodeTokens(),
            millis(usage.decodeNanos()),
            millis(usage.tokenNanos()),
            Json.rounded(usage.decodeTokensPerSecond())),
        new Sync(millis(usage.syncNanos()), usage.sentBytes(), usage.receivedBytes()));
  }

  /// One line for the user.
  static String line(Usage usage) {
    return "%d tokens, %.1f tokens/s, median %.1f ms per token, of it %.1f ms transfer"
        .formatted(
            usage.tokens(),
            usage.decodeTokensPerSecond(),
            usage.tokenNanos() / 1e6,
            usage.syncNanos() / 1e6);
  }

  /// How many guessed tokens held, for the user; empty where none was guessed.
  static Optional<String> guesses(Usage usage) {
    int proposed = usage.guesses().proposed();
    return Optional.of(usage.guesses())
        .filter(_ -> proposed > 0)
        .map(
            of ->
                "prompt lookup: %d of %d guessed tokens accepted, %d tokens in %d steps"
                    .formatted(of.accepted(), proposed, usage.decodeTokens(), usage.decodeSteps()));
  }

  private static double millis(long nanos) {
    return Json.rounded(nanos / 1e6);
  }
}
