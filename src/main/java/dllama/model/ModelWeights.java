package dllama.model;

import dllama.tensor.Matrix;
import java.util.Map;

/// All weights of a model as they stand in its file, by name; shapes are those of [TensorRole].
/// What is of another type than [ModelSpec#type] says is rounded to that where it is read.
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
