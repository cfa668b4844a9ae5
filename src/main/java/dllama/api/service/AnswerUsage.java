package dllama.api.service;

import dllama.generation.Usage;
import java.util.LinkedHashMap;
import java.util.Map;

/// What an answer took.
///
/// @param promptTokens all of the prompt, what was cached included
/// @param reasoningTokens those of the answer that are thoughts
/// @param nanos from when it was asked to its end
public record AnswerUsage(int promptTokens, int reasoningTokens, long nanos, Usage usage) {
  /// Of answers that together were asked for, of one prompt.
  ///
  /// @param answers at least one
  public static int completionTokens(Iterable<AnswerUsage> answers) {
    int tokens = 0;
    for (AnswerUsage answer : answers) {
      tokens += answer.completionTokens();
    }
    return tokens;
  }

  /// Tokens generated, the end token included.
  public int completionTokens() {
    return usage.tokens();
  }

  /// Tokens of the prompt that were cached.
  public int cachedTokens() {
    return usage.cachedTokens();
  }

  /// Times, under the names that llama.cpp's server has for them, and what the root waited for
  /// others.
  public Map<String, Object> timings() {
    Map<String, Object> timings = new LinkedHashMap<>();
    timings.put("cache_n", usage.cachedTokens());
    timings.put("prompt_n", usage.prefillTokens());
    timings.put("prompt_ms", millis(usage.prefillNanos()));
    timings.put("prompt_per_second", rounded(usage.prefillTokensPerSecond()));
    timings.put("predicted_n", usage.decodeTokens());
    timings.put("predicted_ms", millis(usage.decodeNanos()));
    timings.put("predicted_per_second", rounded(usage.decodeTokensPerSecond()));
    timings.put("sync_ms", millis(usage.syncNanos() * usage.decodeTokens()));
    return timings;
  }

  private static double millis(long nanos) {
    return rounded(nanos / 1e6);
  }

  private static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }
}
