package dllama.tensor;

import java.lang.foreign.MemorySegment;

/// A weight matrix `[rows, cols]` in the layout that the kernels read: tiles of 32 rows × 32
/// columns, so that a vector lane is a row and no kernel needs a horizontal sum.
///
/// Rows are grouped by 32 (the last group is padded with zero rows); the tiles of one group follow
/// each other along the columns. What is in a tile says the type. What the tiles of a long block
/// have in common stands once in front of them, if the matrix has whole blocks ([DType]). F32 and
/// F16 columns are padded to whole tiles with zeros; others must fill them.
///
/// @param data this matrix' bytes alone, 64-byte aligned, outside the heap: kernels read by address
/// @param rows true row count, without padding
/// @param cols true column count, without padding
public record PackedMatrix(MemorySegment data, DType dtype, int rows, int cols) {
  /// Rows and columns of a tile.
  public static final int TILE = 32;

  /// Groups that kernels take side by side at most: shares of fewer are slower.
  public static final int GROUPS_OF_PASS = VectorProduct.MAX_GROUPS;

  public PackedMatrix {
    if (data.byteSize() != byteSize(dtype, rows, cols) || !data.isNative()) {
      throw new IllegalArgumentException(
          "data=%s for rows=%d cols=%d dtype=%s".formatted(data, rows, cols, dtype));
    }
  }

  /// Groups of 32 rows, some of which are what a thread computes at a time.
  public int groups() {
    return groups(rows);
  }

  /// Bytes of one group of 32 rows.
  public long groupBytes() {
    return groupBytes(dtype, cols);
  }

  public static int groups(int rows) {
    return (rows + TILE - 1) / TILE;
  }

  public static long groupBytes(DType dtype, int cols) {
    if (cols % dtype.columnUnit() != 0) {
      throw new IllegalArgumentException(
          "cols=%d is not a multiple of %d".formatted(cols, dtype.columnUnit()));
    }
    return dtype.groupBytes(cols);
  }

  public static long byteSize(DType dtype, int rows, int cols) {
    return groups(rows) * groupBytes(dtype, cols);
  }
}
