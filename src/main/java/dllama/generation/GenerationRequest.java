package dllama.generation;

import dllama.sampling.Sampler;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What to generate.
///
/// @param prompt all tokens that the model is to see; what of it is cached is not computed again
/// @param maxTokens the most tokens to generate; with 0 the prompt is only read
/// @param sampler chooses the tokens; not shared with another generation at the same time
/// @param stopIds tokens that end the answer; empty to go on after an end token
/// @param stops strings that end the answer, wherever they appear in it
/// @param speculation guesses tokens where the most likely one is always taken; not shared with
///     another generation at the same time
/// @param guidance what else bears on the choice of tokens; with any, none are guessed
/// @param mean gets the states of the prompt, which then is only read, and all of it computed;
///     null: they are not wanted. Not shared with another generation
public record GenerationRequest(
    int[] prompt,
    int maxTokens,
    Sampler sampler,
    Set<Integer> stopIds,
    List<String> stops,
    Speculation speculation,
    Guidance guidance,
    @Nullable StateMean mean) {
  public GenerationRequest {
    if (maxTokens < 0 || (mean != null && maxTokens > 0)) {
      throw new IllegalArgumentException("maxTokens=" + maxTokens);
    }
    stopIds = Set.copyOf(stopIds);
    stops = List.copyOf(stops);
  }

  /// A prompt that is read for the mean of its states.
  public static GenerationRequest of(int[] prompt, StateMean mean) {
    return new GenerationRequest(
        prompt,
        0,
        new Sampler.Greedy(),
        Set.of(),
        List.of(),
        Speculation.off(),
        Guidance.NONE,
        mean);
  }

  /// Without states.
  public GenerationRequest(
      int[] prompt,
      int maxTokens,
      Sampler sampler,
      Set<Integer> stopIds,
      List<String> stops,
      Speculation speculation,
      Guidance guidance) {
    this(prompt, maxTokens, sampler, stopIds, stops, speculation, guidance, null);
  }

  /// With nothing but the sampler.
  public GenerationRequest(
      int[] prompt,
      int maxTokens,
      Sampler sampler,
      Set<Integer> stopIds,
      List<String> stops,
      Speculation speculation) {
    this(prompt, maxTokens, sampler, stopIds, stops, speculation, Guidance.NONE);
  }

  /// Without guesses.
  public GenerationRequest(
      int[] prompt, int maxTokens, Sampler sampler, Set<Integer> stopIds, List<String> stops) {
    this(prompt, maxTokens, sampler, stopIds, stops, Speculation.off());
  }
}
