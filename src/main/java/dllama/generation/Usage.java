package dllama.generation;

/// What a generation took. A step is one forward pass over one token; the first generated token
/// comes from the prefill, so there is one step less than there are tokens.
///
/// @param prefillTokens tokens read before the first one was chosen
/// @param tokens tokens generated, an end token included
/// @param decodeSteps steps after the prefill
/// @param stepNanos median of a step, sampling included
/// @param syncNanos median of what the root waited for other nodes in a step
/// @param sentBytes median of what the root sent in a step
/// @param receivedBytes median of what the root received in a step
public record Usage(
    int prefillTokens,
    long prefillNanos,
    int tokens,
    int decodeSteps,
    long decodeNanos,
    long stepNanos,
    long syncNanos,
    long sentBytes,
    long receivedBytes) {
  public double prefillTokensPerSecond() {
    return perSecond(prefillTokens, prefillNanos);
  }

  public double decodeTokensPerSecond() {
    return perSecond(decodeSteps, decodeNanos);
  }

  private static double perSecond(int count, long nanos) {
    return nanos == 0 ? 0 : count * 1e9 / nanos;
  }
}
