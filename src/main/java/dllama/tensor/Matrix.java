package dllama.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// A weight matrix `[rows, cols]` as it stands in a file: row-major, little-endian, usually a slice
/// of a mapping.
///
/// A vector is a matrix of one row.
///
/// @param data what rows are read from
/// @param order where rows stand in it
public record Matrix(MemorySegment data, DType dtype, long rows, long cols, RowOrder order) {
  public Matrix {
    if (rows <= 0 || cols <= 0 || !order.fits(data.byteSize(), rows, dtype.byteSize(cols))) {
      throw new IllegalArgumentException(
          "data.byteSize=%d for rows=%d cols=%d dtype=%s"
              .formatted(data.byteSize(), rows, cols, dtype));
    }
  }

  /// A matrix whose rows stand in order.
  public Matrix(MemorySegment data, DType dtype, long rows, long cols) {
    this(data, dtype, rows, cols, RowOrder.PLAIN);
  }

  /// A matrix whose rows stand in order, or are those of heads as [RowOrder#ofPairs] has them.
  ///
  /// @param heads 0 where rows stand in order
  public static Matrix ofHeads(MemorySegment data, DType dtype, long rows, long cols, int heads) {
    if (heads < 0 || (heads > 0 && rows % (2L * heads) != 0)) {
      throw new IllegalArgumentException("rows=%d heads=%d".formatted(rows, heads));
    }
    RowOrder order = heads == 0 ? RowOrder.PLAIN : RowOrder.ofPairs(rows / heads);
    return new Matrix(data, dtype, rows, cols, order);
  }

  private long rowBytes() {
    return dtype.byteSize(cols);
  }

  /// Copies `bytes` bytes of a row from its byte `from` on, whole blocks of the type.
  public void copy(long row, long from, long bytes, MemorySegment to, long at) {
    order.copy(data, row, rowBytes(), from, bytes, to, at);
  }

  /// The values of a row from a column on, whole blocks of the type.
  public void decode(long row, long fromCol, int size, float[] to, int at) {
    long from = dtype.byteSize(fromCol);
    if (order.hasWholeRows()) {
      dtype.decode(data, order.stored(row) * rowBytes() + from, size, false, to, at);
      return;
    }
    MemorySegment blocks = bytes(row, from, dtype.byteSize(size));
    dtype.decode(blocks, 0, size, false, to, at);
  }

  private MemorySegment bytes(long row, long from, long bytes) {
    MemorySegment copy = MemorySegment.ofArray(new byte[Math.toIntExact(bytes)]);
    copy(row, from, bytes, copy, 0);
    return copy;
  }

  /// Whether all values of these rows are numbers.
  boolean isFinite(long fromRow, long toRow) {
    long rowBytes = rowBytes();
    if (order == RowOrder.PLAIN) {
      return dtype.isFinite(data.asSlice(fromRow * rowBytes, (toRow - fromRow) * rowBytes));
    }
    for (long row = fromRow; row < toRow; row++) {
      MemorySegment blocks =
          order.hasWholeRows()
              ? data.asSlice(order.stored(row) * rowBytes, rowBytes)
              : bytes(row, 0, rowBytes);
      if (!dtype.isFinite(blocks)) {
        return false;
      }
    }
    return true;
  }

  /// Gives back the memory that a mapped file has taken for rows `fromRow` ≤ r < `toRow`; they can
  /// be read again.
  public void unload(long fromRow, long toRow) {
    order.unload(data, fromRow, toRow, rowBytes());
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
      decode(row, fromCol, width, values, 0);
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
