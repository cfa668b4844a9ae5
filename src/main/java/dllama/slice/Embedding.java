package dllama.slice;

import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.NotFinite;
import dllama.model.Range;
import dllama.model.TensorRole;
import dllama.model.TensorRole.Axis;
import dllama.model.TensorRole.Name;
import dllama.tensor.Finite;
import dllama.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;

/// Gives the input rows of tokens, and what layers are given of them. Only the root needs one; a
/// model's tables are read where they are mapped, never copied as a whole. Input rows are scaled as
/// the model says. Usable from any thread.
public sealed interface Embedding {
  /// Writes the row of `token`, `[dim]`, to `to` from `at` on.
  ///
  /// @throws IndexOutOfBoundsException for a token outside the vocabulary
  /// @throws UserException for a row that does not hold numbers alone
  void row(int token, float[] to, int at);

  /// Copies what the layers are given of `token`, [#inputBytes] as they stand in the model's file,
  /// to byte `at` of `to`; throws as [#row].
  void inputs(int token, MemorySegment to, long at);

  /// Bytes of what the layers are given of a token; 0 where that is nothing.
  int inputBytes();

  /// The same of any model of this description.
  static int inputBytes(ModelSpec spec) {
    int values = Axis.ALL_INPUTS.size(spec);
    return values == 0
        ? 0
        : Math.toIntExact(spec.type(new Name(TensorRole.LAYER_EMBEDDING)).byteSize(values));
  }

  static Embedding of(ModelSource source) {
    ModelSpec spec = source.spec();
    float scale = spec.scales().embedding();
    return switch (source) {
      case ModelSource.Weights(_, var weights) ->
          new Mapped(
              weights.get(TensorRole.EMBEDDING),
              scale,
              inputBytes(spec) == 0
                  ? Optional.empty()
                  : Optional.of(weights.get(TensorRole.LAYER_EMBEDDING)));
      case ModelSource.Random(_, long seed) ->
          new Generated(spec, new RandomWeights(spec, seed), scale);
    };
  }

  /// Rows of a table `[vocabSize, dim]`, and of one of what layers are given.
  record Mapped(Matrix table, float scale, Optional<Matrix> inputs) implements Embedding {
    @Override
    public void row(int token, float[] to, int at) {
      Objects.checkIndex(token, table.rows());
      int dim = (int) table.cols();
      table.decode(token, 0, dim, to, at);
      if (!Finite.all(to, at, dim)) {
        throw strayed(token);
      }
      multiply(to, at, dim, scale);
    }

    private static RuntimeException strayed(int token) {
      return NotFinite.at("the embedding of token " + token);
    }

    @Override
    public void inputs(int token, MemorySegment to, long at) {
      if (inputs.isPresent()) {
        Matrix of = inputs.get();
        if (!Finite.all(of, token, token + 1)) {
          throw strayed(token);
        }
        of.copy(token, 0, inputBytes(), to, at);
      }
    }

    @Override
    public int inputBytes() {
      return inputs.map(of -> Math.toIntExact(of.dtype().byteSize(of.cols()))).orElse(0);
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

    @Override
    public void inputs(int token, MemorySegment to, long at) {
      int bytes = inputBytes();
      if (bytes > 0) {
        Name name = new Name(TensorRole.LAYER_EMBEDDING);
        Matrix row = weights.part(name, new Range(token, token + 1), new Range(0, name.cols(spec)));
        MemorySegment.copy(row.data(), 0, to, at, bytes);
      }
    }

    @Override
    public int inputBytes() {
      return Embedding.inputBytes(spec);
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
