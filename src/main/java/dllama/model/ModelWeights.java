package dllama.model;

import dllama.tensor.Matrix;
import java.util.Map;

/// All weights of a model as they stand in its file, by name; shapes and types are those of
/// [TensorRole].
public record ModelWeights(Map<TensorRole.Name, Matrix> tensors) {
  public ModelWeights {
    tensors = Map.copyOf(tensors);
  }

  /// One tensor.
  ///
  /// @throws IllegalArgumentException if the model's architecture has no such tensor
  public Matrix get(TensorRole.Name name) {
    Matrix matrix = tensors.get(name);
    if (matrix == null) {
      throw new IllegalArgumentException("no tensor " + name);
    }
    return matrix;
  }

  /// A tensor outside the layers.
  public Matrix get(TensorRole role) {
    return get(new TensorRole.Name(role));
  }

  /// A tensor of a layer, outside the experts.
  public Matrix get(TensorRole role, int layer) {
    return get(new TensorRole.Name(role, layer));
  }
}
