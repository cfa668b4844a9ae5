package dllama.engine;

/// Half of a layer: what comes between two exchanges.
interface LayerBlock {
  /// Fills `step.partial` with what this rank has to add to the residual stream.
  void compute(int layer);

  /// What is done with the sum of all partials of the layer computed last.
  SliceWeights.Output output();
}
