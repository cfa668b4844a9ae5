package dllama.tensor;

/// A batch of input rows `[maxTokens, cols]` of matrix products, in the form that weights of one
/// type need.
///
/// Filled row by row with [Kernels#load], read by [Kernels#matmul]. Rows of a batch may be loaded
/// by different threads.
public final class Activations {
  private final DType weightType;
  private final int maxTokens;
  private final int cols;

  public Activations(DType weightType, int maxTokens, int cols) {
    this.weightType = weightType;
    this.maxTokens = maxTokens;
    this.cols = cols;
  }

  public DType weightType() {
    return weightType;
  }

  public int maxTokens() {
    return maxTokens;
  }

  public int cols() {
    return cols;
  }
}
