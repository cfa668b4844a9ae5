package dllama.session;

import dllama.generation.Guidance;
import dllama.generation.Speculation;
import dllama.sampling.Penalties;
import dllama.sampling.Sampler;
import dllama.sampling.SamplingParameters;
import dllama.settings.Settings;

/// What of a request the settings say, where its user does not.
public final class RequestSettings {
  private RequestSettings() {}

  /// A new sampler, for one answer after the other. Without a seed in the settings no two draw the
  /// same.
  public static Sampler sampler(Settings.Sampler settings) {
    return Sampler.of(
        new SamplingParameters(
            settings.temperature(), settings.topp(), settings.topk(), settings.minp()),
        settings.seed().orElseGet(() -> System.nanoTime() | 1));
  }

  /// What else bears on the choice of tokens.
  public static Guidance guidance(Settings.Sampler settings) {
    Settings.Penalties given = settings.penalties();
    return Guidance.of(
        new Penalties(given.repeat(), given.repeatLast(), given.presence(), given.frequency()));
  }

  /// How tokens are guessed ahead, for one answer after the other.
  public static Speculation speculation(Settings settings) {
    return Speculation.of(settings.promptLookup().orElse(null));
  }
}
