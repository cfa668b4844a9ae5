package dllama.model;

import dllama.error.UserException;
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
  /// @throws UserException naming a tensor that does not hold numbers alone
  public static void check(ModelWeights weights) {
    weights.tensors().entrySet().parallelStream()
        .filter(tensor -> !isFinite(tensor.getValue()))
        .findAny()
        .ifPresent(
            tensor -> {
              throw at("a value of " + tensor.getKey().text());
            });
  }

  private static boolean isFinite(Matrix matrix) {
    long rows = Math.max(1, SHARE_BYTES / matrix.dtype().byteSize(matrix.cols()));
    return LongStream.range(0, Math.ceilDiv(matrix.rows(), rows))
        .parallel()
        .allMatch(
            share -> Finite.all(matrix, share * rows, Math.min((share + 1) * rows, matrix.rows())));
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
