package dllama.model;

import dllama.error.UserException;
import dllama.tensor.DType;
import dllama.tensor.Finite;
import dllama.tensor.Matrix;
import java.util.stream.LongStream;

/// Says that a model's arithmetic has left the numbers, and where.
public final class NotFinite {
  /// Bytes that one thread looks at in a go.
  private static final long SHARE_BYTES = 4 << 20;

  private NotFinite() {}

  /// Looks at every weight, on all cores; where they are in memory that takes about as long as to
  /// copy them.
  ///
  /// @throws UserException naming a tensor that does not hold numbers alone, or one that can not be
  ///     rounded to the model's type
  public static void check(ModelSource.Weights source) {
    source.weights().tensors().entrySet().parallelStream()
        .filter(tensor -> !isFinite(tensor.getValue(), source.spec().type(tensor.getKey())))
        .findAny()
        .ifPresent(
            tensor -> {
              throw refused(tensor.getKey(), tensor.getValue(), source.spec());
            });
  }

  /// @param type that the model has of it
  private static boolean isFinite(Matrix matrix, DType type) {
    long rows = Math.max(1, SHARE_BYTES / matrix.dtype().byteSize(matrix.cols()));
    return LongStream.range(0, Math.ceilDiv(matrix.rows(), rows))
        .parallel()
        .allMatch(
            share -> {
              long from = share * rows;
              long to = Math.min(from + rows, matrix.rows());
              return matrix.dtype() == type
                  ? Finite.all(matrix, from, to)
                  : Finite.fit(matrix, from, to, type);
            });
  }

  private static UserException refused(TensorRole.Name name, Matrix matrix, ModelSpec spec) {
    return isFinite(matrix, matrix.dtype())
        ? new UserException(
            "a value of %s is too large for %s; take another --weights-float-type"
                .formatted(name.text(), spec.type(name)))
        : at("a value of " + name.text());
  }

  /// What the user is told.
  ///
  /// @param where what is no number, for the beginning of a sentence
  public static UserException at(String where) {
    return new UserException(
        "the model does not work: "
            + where
            + " is no number (NaN or infinity); its file may be damaged: copy or convert it again");
  }
}
