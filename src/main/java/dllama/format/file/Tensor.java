package dllama.format.file;

import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import dllama.tensor.DType;

/// A tensor of a model file.
public record Tensor(TensorRole.Name name, DType dtype, long rows, long cols) {
  /// The tensor of a role, in the first layer if layers have it.
  public static Tensor of(TensorRole role, int expert, ModelSpec spec) {
    return of(new TensorRole.Name(role, 0, expert), spec);
  }

  /// The tensor of a name.
  public static Tensor of(TensorRole.Name name, ModelSpec spec) {
    return new Tensor(name, spec.type(name), name.rows(spec), name.cols(spec));
  }

  /// What it is for.
  public TensorRole role() {
    return name.role();
  }

  /// The same of another layer.
  public Tensor inLayer(int layer) {
    return new Tensor(new TensorRole.Name(name.role(), layer, name.expert()), dtype, rows, cols);
  }

  /// Bytes that it has in the file.
  public long bytes() {
    return rows * dtype.byteSize(cols);
  }
}
