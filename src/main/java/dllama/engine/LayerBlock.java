package dllama.engine;

/// Half of a layer: what comes between two exchanges.
interface LayerBlock {
  /// Fills `step.partial` with what this rank has to add to the residual stream.
  void compute(int layer);

  /// Sums that `step.partial` has of each row, one behind the other.
  default int sums() {
    return 1;
  }

  /// What is done with the sum of all partials of the layer computed last.
  SliceWeights.Output output();
}
