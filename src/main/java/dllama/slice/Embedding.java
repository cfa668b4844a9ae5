package dllama.slice;

import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.NotFinite;
import dllama.model.TensorRole;
import dllama.tensor.Finite;
import dllama.tensor.Matrix;
import java.util.Objects;

/// Gives the input rows of tokens. Only the root needs one; a model's table is read where it is
/// mapped, never copied as a whole. Rows are scaled as the model says. Usable from any
/// thread.
public sealed interface Embedding {
  /// Writes the row of `token`, `[dim]`, to `to` from `at` on.
  ///
  /// @throws IndexOutOfBoundsException for a token outside the vocabulary
  /// @throws UserException for a row that does not hold numbers alone
  void row(int token, float[] to, int at);

  static Embedding of(ModelSource source) {
    float scale = source.spec().scales().embedding();
    return switch (source) {
      case ModelSource.Weights weights ->
          new Mapped(weights.weights().get(TensorRole.EMBEDDING), scale);
      case ModelSource.Random random ->
          new Generated(random.spec(), new RandomWeights(random.spec(), random.seed()), scale);
    };
  }

  /// Rows of a table `[vocabSize, dim]`.
  record Mapped(Matrix table, float scale) implements Embedding {
    @Override
    public void row(int token, float[] to, int at) {
      Objects.checkIndex(token, table.rows());
      int dim = (int) table.cols();
      table.dtype().decode(table.data(), table.rowAt(token), dim, false, to, at);
      if (!Finite.all(to, at, dim)) {
        throw NotFinite.at("the embedding of token " + token);
      }
      multiply(to, at, dim, scale);
    }
  }

  /// Rows that are made when asked for.
  record Generated(ModelSpec spec, RandomWeights weights, float scale) implements Embedding {
    @Override
    public void row(int token, float[] to, int at) {
      Objects.checkIndex(token, spec.vocabSize());
      weights.embedding(token, to, at);
      multiply(to, at, spec.dim(), scale);
    }
  }

  private static void multiply(float[] values, int at, int size, float factor) {
    if (factor != 1) {
      for (int i = at; i < at + size; i++) {
        values[i] *= factor;
      }
    }
  }
}
