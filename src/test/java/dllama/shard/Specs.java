package dllama.shard;

import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.ModelSpec.Rope;
import dllama.tensor.DType;

/// Small models for tests.
final class Specs {
  private Specs() {}

  /// Eight kv heads, a vocabulary that does not divide, everything else for up to 8 nodes.
  static ModelSpec small(DType weightType) {
    return of(weightType, 64, 256, 16, 8, 16, 301);
  }

  static ModelSpec of(
      DType weightType, int dim, int ffnDim, int heads, int kvHeads, int headDim, int vocabSize) {
    return new ModelSpec(
        Architecture.LLAMA,
        weightType,
        dim,
        ffnDim,
        2,
        heads,
        kvHeads,
        headDim,
        vocabSize,
        96,
        1e-5f,
        Activation.SILU,
        Rope.unscaled(10000));
  }
}
