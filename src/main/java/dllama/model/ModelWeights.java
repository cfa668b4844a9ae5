package dllama.model;

import dllama.tensor.Matrix;
import java.util.List;

/// All weights of a model as they stand in its file; y = W x, shapes `[out, in]`.
///
/// @param embedding F32 `[vocabSize, dim]`, read only by the root
/// @param finalNorm F32 `[1, dim]`
/// @param wcls `[vocabSize, dim]`
public record ModelWeights(Matrix embedding, List<Layer> layers, Matrix finalNorm, Matrix wcls) {
  /// One layer.
  ///
  /// @param wq `[qDim, dim]`
  /// @param wk `[kvDim, dim]`
  /// @param wv `[kvDim, dim]`
  /// @param wo `[dim, qDim]`
  /// @param w1 gate, `[ffnDim, dim]`
  /// @param w2 down, `[dim, ffnDim]`
  /// @param w3 up, `[ffnDim, dim]`
  /// @param attentionNorm F32 `[1, dim]`
  /// @param ffnNorm F32 `[1, dim]`
  public record Layer(
      Matrix wq,
      Matrix wk,
      Matrix wv,
      Matrix wo,
      Matrix w1,
      Matrix w2,
      Matrix w3,
      Matrix attentionNorm,
      Matrix ffnNorm) {}
}
