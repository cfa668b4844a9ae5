package dllama.format.meta;

import dllama.tensor.DType;
import dllama.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A tensor of a checkpoint, row by row as torch has it.
///
/// @param shape values along each axis
/// @param data slice of the mapped file
record TorchTensor(DType dtype, List<Long> shape, MemorySegment data) {
  /// A vector is a matrix of one row.
  Matrix matrix() {
    boolean vector = shape.size() == 1;
    return new Matrix(data, dtype, vector ? 1 : shape.get(0), vector ? shape.get(0) : shape.get(1));
  }

  /// Whether it can be a matrix, or a vector.
  boolean isMatrix() {
    return (shape.size() == 1 || shape.size() == 2) && !shape.contains(0L);
  }
}
