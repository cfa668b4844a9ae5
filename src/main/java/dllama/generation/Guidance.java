package dllama.generation;

import dllama.logits.TokenLogprobs;
import dllama.sampling.Penalties;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a request wants of the choice of tokens beside its sampler. A logit is first scaled by the
/// repeat penalty, then the token's bias is added, and presence and frequency penalties are taken
/// off; the mask comes last, then the sampler.
///
/// @param bias added to logits, by token
/// @param mask null: every token is allowed; not shared with another generation
/// @param logprobs of how many of the most probable tokens log probabilities are told beside
///     that of the chosen one; −1: of none, not even of that
public record Guidance(
    Penalties penalties, Map<Integer, Float> bias, @Nullable TokenMask mask, int logprobs) {
  /// Tokens that may have a bias.
  public static final int MOST_BIASED = 512;

  /// As the sampler says.
  public static final Guidance NONE = new Guidance(Penalties.NONE, Map.of(), null, -1);

  public Guidance {
    bias = Map.copyOf(bias);
    if (bias.size() > MOST_BIASED || logprobs < -1 || logprobs > TokenLogprobs.MAX_TOP) {
      throw new IllegalArgumentException("bias=%d logprobs=%d".formatted(bias.size(), logprobs));
    }
  }

  /// Penalties only.
  public static Guidance of(Penalties penalties) {
    return new Guidance(penalties, Map.of(), null, -1);
  }

  /// Whether the sampler alone decides, and nothing is told of why.
  boolean isNone() {
    return penalties.isNone() && bias.isEmpty() && mask == null && logprobs < 0;
  }
}
