package dllama.api.service;

import dllama.model.ModelSpec;
import dllama.session.LoadedModel;
import java.time.Instant;

/// What clients are told of the model.
///
/// @param id its name in requests and answers
/// @param weights types of its weights, such as Q4_0
/// @param contextLength the most tokens of a prompt and its answer, here
/// @param trainedLength those that it was made for
/// @param bytes of its weights
/// @param template its chat template, as far as it has one of its own
public record ModelCard(
    String id,
    String architecture,
    String weights,
    int layers,
    int heads,
    int contextLength,
    int trainedLength,
    int dim,
    int vocabSize,
    long parameters,
    long bytes,
    String template,
    Instant since) {

  /// That of a model.
  public static ModelCard of(LoadedModel model, String template) {
    ModelSpec spec = model.spec();
    return new ModelCard(
        model.name().replaceAll("\\.(gguf|m)$", "").replace(' ', '-'),
        spec.architecture().name(),
        model.weights(),
        spec.layers(),
        spec.heads(),
        model.contextLength(),
        spec.contextLength(),
        spec.dim(),
        spec.vocabSize(),
        spec.parameters(),
        spec.weightBytes(),
        template,
        Instant.now());
  }

  /// The number of its parameters as people say it, such as 8.0B.
  public String size() {
    return parameters >= 1_000_000_000
        ? "%.1fB".formatted(parameters / 1e9)
        : "%.1fM".formatted(parameters / 1e6);
  }
}
