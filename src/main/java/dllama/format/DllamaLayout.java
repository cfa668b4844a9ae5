package dllama.format;

import dllama.model.ModelSpec;
import dllama.tensor.DType;
import java.util.ArrayList;
import java.util.List;

/// Which tensors follow the header of a `.m` file, in which order: embedding, layers, final norm,
/// wcls. Reader and writer both walk this description.
///
/// All row-major `[out, in]`; embedding and norms F32, the rest in the model's weight type.
record DllamaLayout(Tensor embedding, List<Tensor> layer, int layers, List<Tensor> end) {
  /// What a tensor is for.
  enum Role {
    EMBEDDING,
    WQ,
    WK,
    WV,
    WO,
    W1,
    W2,
    W3,
    ATTENTION_NORM,
    FFN_NORM,
    FINAL_NORM,
    WCLS
  }

  /// One tensor of the file.
  record Tensor(Role role, DType dtype, long rows, long cols) {
    long bytes() {
      return rows * dtype.byteSize(cols);
    }
  }

  static DllamaLayout of(ModelSpec spec) {
    DType type = spec.weightType();
    int dim = spec.dim();
    return new DllamaLayout(
        new Tensor(Role.EMBEDDING, DType.F32, spec.vocabSize(), dim),
        List.of(
            new Tensor(Role.WQ, type, spec.qDim(), dim),
            new Tensor(Role.WK, type, spec.kvDim(), dim),
            new Tensor(Role.WV, type, spec.kvDim(), dim),
            new Tensor(Role.WO, type, dim, spec.qDim()),
            new Tensor(Role.W1, type, spec.ffnDim(), dim),
            new Tensor(Role.W2, type, dim, spec.ffnDim()),
            new Tensor(Role.W3, type, spec.ffnDim(), dim),
            new Tensor(Role.ATTENTION_NORM, DType.F32, 1, dim),
            new Tensor(Role.FFN_NORM, DType.F32, 1, dim)),
        spec.layers(),
        List.of(
            new Tensor(Role.FINAL_NORM, DType.F32, 1, dim),
            new Tensor(Role.WCLS, type, spec.vocabSize(), dim)));
  }

  /// Bytes of all tensors.
  long bytes() {
    return embedding.bytes() + layers * bytes(layer) + bytes(end);
  }

  private static long bytes(List<Tensor> tensors) {
    return tensors.stream().mapToLong(Tensor::bytes).sum();
  }

  /// All tensors in file order.
  List<Tensor> tensors() {
    List<Tensor> all = new ArrayList<>();
    all.add(embedding);
    for (int i = 0; i < layers; i++) {
      all.addAll(layer);
    }
    all.addAll(end);
    return all;
  }
}
