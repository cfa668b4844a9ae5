package dllama.engine;

/// Half of a layer: what comes between two exchanges.
interface LayerBlock {
  /// Fills `step.partial` with what this rank has to add to the residual stream.
  void compute(int layer);

  /// Weights of the norm of the sum of all partials of the layer computed last; empty if the sum is
  /// added as it is.
  float[] outputNorm();
}
