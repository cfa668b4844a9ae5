package dllama.generation;

/// What a generation took. The first generated token comes from the prefill, all others from steps
/// after it: one each, or more where tokens were guessed ahead. Medians are those of these tokens.
///
/// Of steps that it shared with others it counts the whole.
///
/// @param cachedTokens tokens of the prompt that were found in the cache
/// @param prefillTokens tokens that were computed before the first one was chosen
/// @param tokens tokens generated, an end token included
/// @param decodeTokens those of them that steps after the prefill gave
/// @param decodeSteps steps after the prefill
/// @param tokenNanos median of a token
/// @param syncNanos median of what the root waited for other nodes for a token
/// @param sentBytes median of what the root sent for a token
/// @param receivedBytes median of what the root received for a token
public record Usage(
    int cachedTokens,
    int prefillTokens,
    long prefillNanos,
    int tokens,
    int decodeTokens,
    int decodeSteps,
    long decodeNanos,
    long tokenNanos,
    long syncNanos,
    long sentBytes,
    long receivedBytes,
    Guesses guesses) {
  /// Tokens that were guessed ahead, and those of them that held.
  public record Guesses(int proposed, int accepted) {}

  public double prefillTokensPerSecond() {
    return perSecond(prefillTokens, prefillNanos);
  }

  public double decodeTokensPerSecond() {
    return perSecond(decodeTokens, decodeNanos);
  }

  private static double perSecond(int count, long nanos) {
    return nanos == 0 ? 0 : count * 1e9 / nanos;
  }
}
