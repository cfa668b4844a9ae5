package dllama.convert;

import dllama.convert.Output.Rounded;
import dllama.error.UserException;
import dllama.tensor.DType;
import dllama.tensor.Finite;
import dllama.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// A few rows of a tensor, which one thread rounds at a time.
///
/// @param begin place of its first byte in the file
record Piece(Rounded tensor, long first, int count, long begin) {
  /// Values of a piece, unless a row alone has more.
  private static final int VALUES = 1 << 20;

  /// A tensor, cut into pieces.
  ///
  /// @param begin place of its first byte in the file
  static List<Piece> of(Rounded tensor, long begin) {
    long rows = Math.max(1, VALUES / tensor.rows().cols());
    List<Piece> pieces = new ArrayList<>();
    for (long first = 0; first < tensor.rows().rows(); first += rows) {
      int count = (int) Math.min(rows, tensor.rows().rows() - first);
      pieces.add(new Piece(tensor, first, count, begin + first * tensor.rowBytes()));
    }
    return pieces;
  }

  int bytes() {
    return Math.multiplyExact(count, tensor.rowBytes());
  }

  int values() {
    return Math.toIntExact(count * tensor.rows().cols());
  }

  /// Writes it to the beginning of `to`.
  ///
  /// @param values room for all values
  /// @throws UserException if a value is none that the type can hold
  void round(ByteBuffer to, float[] values) {
    DType type = tensor.type();
    MemorySegment bytes = MemorySegment.ofBuffer(to).asSlice(0, bytes());
    boolean same = type.equals(tensor.rows().dtype());
    if (same) {
      tensor.rows().copy(first, count, bytes);
    } else {
      tensor.rows().values(first, count, values);
      if (!Finite.all(values, 0, values())) {
        throw notFinite();
      }
      type.round(values, 0, values(), bytes, 0);
    }
    tensor.rows().unload(first, count);
    if (!Finite.all(new Matrix(bytes, type, count, tensor.rows().cols()), 0, count)) {
      throw same
          ? notFinite()
          : new UserException(
              "%s has a value that is too large for %s; take --weights-float-type f32"
                  .formatted(tensor.name(), type));
    }
  }

  private UserException notFinite() {
    return new UserException(
        "a value of %s is no number (NaN or infinity); the input may be damaged: fetch it again"
            .formatted(tensor.name()));
  }
}
