package dllama.shard;

import dllama.model.ModelSource;
import dllama.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/// Gives the input rows of tokens. Only the root needs one; a model's table is read where it is
/// mapped, never copied as a whole. Usable from any thread.
public sealed interface Embedding {
  /// Writes the row of `token`, `[dim]`, to `to` from `at` on.
  ///
  /// @throws IndexOutOfBoundsException for a token outside the vocabulary
  void row(int token, float[] to, int at);

  static Embedding of(ModelSource source) {
    return switch (source) {
      case ModelSource.Weights weights -> new Mapped(weights.weights().embedding());
      case ModelSource.Random random ->
          new Generated(new RandomWeights(random.spec(), random.seed()), random.spec().vocabSize());
    };
  }

  /// Rows of an F32 table `[vocabSize, dim]`.
  record Mapped(Matrix table) implements Embedding {
    @Override
    public void row(int token, float[] to, int at) {
      Objects.checkIndex(token, table.rows());
      int dim = (int) table.cols();
      long fromByte = (long) token * dim * Float.BYTES;
      MemorySegment.copy(table.data(), ValueLayout.JAVA_FLOAT_UNALIGNED, fromByte, to, at, dim);
    }
  }

  /// Rows that are made when asked for.
  record Generated(RandomWeights weights, int vocabSize) implements Embedding {
    @Override
    public void row(int token, float[] to, int at) {
      Objects.checkIndex(token, vocabSize);
      weights.embedding(token, to, at);
    }
  }
}
