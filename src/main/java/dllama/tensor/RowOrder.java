package dllama.tensor;

import java.lang.foreign.MemorySegment;

/// How the rows of a [Matrix] stand in a file: in which order, and in files of some kinds in pieces
/// that have to be put together. So files are read as they are, without a copy of theirs.
public interface RowOrder {
  /// Rows follow each other.
  RowOrder PLAIN = row -> row;

  /// Where a row of the model stands in the file.
  long stored(long row);

  /// The order of heads of which a file has first all first rows of pairs, then all second ones,
  /// while the model has pair by pair.
  ///
  /// @param headDim rows of a head
  static RowOrder ofPairs(long headDim) {
    return row -> {
      long inHead = row % headDim;
      return row - inHead + inHead % 2 * (headDim / 2) + inHead / 2;
    };
  }

  /// Whether the bytes of a row stand together, in the order of the model.
  default boolean hasWholeRows() {
    return true;
  }

  /// Whether data of this size has these rows.
  default boolean fits(long dataBytes, long rows, long rowBytes) {
    return dataBytes == Math.multiplyExact(rows, rowBytes);
  }

  /// Copies `bytes` bytes of a row from its byte `from` on, whole blocks of the type.
  ///
  /// @param rowBytes of all rows
  default void copy(
      MemorySegment data,
      long row,
      long rowBytes,
      long from,
      long bytes,
      MemorySegment to,
      long at) {
    MemorySegment.copy(data, stored(row) * rowBytes + from, to, at, bytes);
  }

  /// Gives back the memory that a mapped file has taken for rows `fromRow` ≤ r < `toRow`; they can
  /// be read again.
  default void unload(MemorySegment data, long fromRow, long toRow, long rowBytes) {
    if (!data.isMapped() || fromRow >= toRow) {
      return;
    }
    long first = Long.MAX_VALUE;
    long last = 0;
    for (long row = fromRow; row < toRow; row++) {
      first = Math.min(first, stored(row));
      last = Math.max(last, stored(row));
    }
    data.asSlice(first * rowBytes, (last + 1 - first) * rowBytes).unload();
  }
}
