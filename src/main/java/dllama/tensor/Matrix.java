package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// A weight matrix `[rows, cols]` as it stands in a file: row-major, little-endian, usually a slice
/// of a mapping.
///
/// A vector is a matrix of one row.
///
/// @param heads 0 where rows stand in order. Else they are those of so many heads, of which the
///     file has first all first rows of pairs, then all second ones, while the model has pair by
///     pair
public record Matrix(MemorySegment data, DType dtype, long rows, long cols, int heads) {
  public Matrix {
    long bytes = Math.multiplyExact(rows, dtype.byteSize(cols));
    if (rows <= 0 || cols <= 0 || data.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "data.byteSize=%d for rows=%d cols=%d dtype=%s"
              .formatted(data.byteSize(), rows, cols, dtype));
    }
    if (heads < 0 || (heads > 0 && rows % (2L * heads) != 0)) {
      throw new IllegalArgumentException("rows=%d heads=%d".formatted(rows, heads));
    }
  }

  /// A matrix whose rows stand in order.
  public Matrix(MemorySegment data, DType dtype, long rows, long cols) {
    this(data, dtype, rows, cols, 0);
  }

  /// Byte of [#data] where a row begins.
  public long rowAt(long row) {
    return stored(row) * dtype.byteSize(cols);
  }

  private long stored(long row) {
    if (heads == 0) {
      return row;
    }
    long head = rows / heads;
    long inHead = row % head;
    return row - inHead + inHead % 2 * (head / 2) + inHead / 2;
  }

  /// Writes rows `fromRow` ≤ r < `toRow` and columns `fromCol` ≤ c < `toCol` in the order of the
  /// model, as weights of a type are rounded; of whole blocks of both types.
  ///
  /// @param to is written from its beginning on
  /// @throws IllegalArgumentException if nothing rounds to this type
  public void round(
      DType type, long fromRow, long toRow, long fromCol, long toCol, MemorySegment to) {
    Objects.checkFromToIndex(fromRow, toRow, rows);
    Objects.checkFromToIndex(fromCol, toCol, cols);
    int width = Math.toIntExact(toCol - fromCol);
    long rowBytes = type.byteSize(width);
    float[] values = new float[width];
    for (long row = fromRow; row < toRow; row++) {
      dtype.decode(data, rowAt(row) + dtype.byteSize(fromCol), width, false, values, 0);
      type.round(values, 0, width, to, (row - fromRow) * rowBytes);
    }
  }

  /// The same as a matrix of its own, in memory.
  public Matrix rounded(DType type, long fromRow, long toRow, long fromCol, long toCol) {
    long bytes = (toRow - fromRow) * type.byteSize(toCol - fromCol);
    MemorySegment part = MemorySegment.ofArray(new byte[Math.toIntExact(bytes)]);
    round(type, fromRow, toRow, fromCol, toCol, part);
    return new Matrix(part, type, toRow - fromRow, toCol - fromCol);
  }
}
