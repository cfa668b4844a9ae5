package dllama.model;

/// Where the root takes the weights from.
public sealed interface ModelSource {
  ModelSpec spec();

  /// A model file: slices are cut from its mapping.
  record Weights(ModelSpec spec, ModelWeights weights) implements ModelSource {}

  /// Random weights of a real shape, for measurements: every rank fills its own slice, nothing is
  /// sent.
  record Random(ModelSpec spec, long seed) implements ModelSource {}
}
