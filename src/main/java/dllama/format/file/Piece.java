package dllama.format.file;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// A few rows of a tensor, which one thread makes at a time.
///
/// @param begin place of its first byte in the file
record Piece(Output.Rows rows, long first, int count, long begin) {
  /// Values of a piece, unless a row alone has more.
  private static final int VALUES = 1 << 20;

  /// A tensor, cut into pieces.
  ///
  /// @param begin place of its first byte in the file
  static List<Piece> of(Output.Rows rows, long begin) {
    Tensor tensor = rows.tensor();
    long each = Math.max(1, VALUES / tensor.cols());
    long rowBytes = tensor.dtype().byteSize(tensor.cols());
    List<Piece> pieces = new ArrayList<>();
    for (long first = 0; first < tensor.rows(); first += each) {
      int count = (int) Math.min(each, tensor.rows() - first);
      pieces.add(new Piece(rows, first, count, begin + first * rowBytes));
    }
    return pieces;
  }

  int bytes() {
    Tensor tensor = rows.tensor();
    return Math.toIntExact(count * tensor.dtype().byteSize(tensor.cols()));
  }

  /// Appends it.
  void fill(ByteBuffer to) {
    rows.source().fill(rows.tensor(), rows.index(), first, count, to);
  }
}
