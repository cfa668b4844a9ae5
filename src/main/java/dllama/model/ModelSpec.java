package dllama.model;

import dllama.tensor.DType;

/// Hyperparameters of a model. Names are those of the glossary in docs/ARCHITECTURE.md; all sizes
/// in elements.
public record ModelSpec(
    Architecture architecture,
    DType weightType,
    int dim,
    int ffnDim,
    int layers,
    int heads,
    int kvHeads,
    int headDim,
    int vocabSize,
    int contextLength,
    float rmsEpsilon,
    Activation activation,
    Rope rope) {

  /// The feed-forward activation.
  public enum Activation {
    GELU,
    SILU
  }

  /// Rotary embedding; `factor` 1 means no llama3.1 scaling of the frequencies.
  public record Rope(
      float theta,
      float factor,
      float lowFrequency,
      float highFrequency,
      int originalContextLength) {
    public static Rope unscaled(float theta) {
      return new Rope(theta, 1, 1, 1, 0);
    }
  }

  /// Width of all query heads together.
  public int qDim() {
    return heads * headDim;
  }

  /// Width of all key heads together, and of all value heads.
  public int kvDim() {
    return kvHeads * headDim;
  }
}
