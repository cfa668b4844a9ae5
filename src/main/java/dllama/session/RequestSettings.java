package dllama.session;

import dllama.generation.Speculation;
import dllama.sampling.Sampler;
import dllama.settings.Settings;

/// What of a request the settings say, where its user does not.
public final class RequestSettings {
  private RequestSettings() {}

  /// A new sampler, for one answer after the other. Without a seed in the settings no two draw the
  /// same.
  public static Sampler sampler(Settings.Sampler settings) {
    return Sampler.of(
        settings.temperature(),
        settings.topp(),
        settings.seed().orElseGet(() -> System.nanoTime() | 1));
  }

  /// How tokens are guessed ahead, for one answer after the other.
  public static Speculation speculation(Settings settings) {
    return Speculation.of(settings.promptLookup().orElse(null));
  }
}
