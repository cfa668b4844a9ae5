package dllama.format.hf;

import dllama.tensor.DType;
import dllama.tensor.RowOrder;
import java.lang.foreign.MemorySegment;

/// Rows of the model that are columns of the file, value by value.
///
/// @param type of values
/// @param columns of the file
/// @param first column that is the first row of the model
/// @param step columns from one row of the model to the next
record HfTransposed(DType type, long columns, int first, int step) implements RowOrder {
  @Override
  public long stored(long row) {
    return first + row * step;
  }

  @Override
  public boolean hasWholeRows() {
    return false;
  }

  @Override
  public boolean fits(long dataBytes, long rows, long rowBytes) {
    return stored(rows - 1) < columns && dataBytes == columns * rowBytes;
  }

  @Override
  public void copy(
      MemorySegment data,
      long row,
      long rowBytes,
      long from,
      long bytes,
      MemorySegment to,
      long at) {
    int each = type.blockBytes();
    for (long value = 0; value < bytes / each; value++) {
      long source = ((from / each + value) * columns + stored(row)) * each;
      MemorySegment.copy(data, source, to, at + value * each, each);
    }
  }

  /// All rows are on all pages; these are given back when other memory is wanted.
  @Override
  public void unload(MemorySegment data, long fromRow, long toRow, long rowBytes) {}
}
