package dllama.tensor;

import java.lang.foreign.MemorySegment;

/// A weight matrix `[rows, cols]` as it stands in a file: row-major, little-endian, usually a slice
/// of a mapping.
///
/// A vector is a matrix of one row.
public record Matrix(MemorySegment data, DType dtype, long rows, long cols) {
  public Matrix {
    long bytes = Math.multiplyExact(rows, dtype.byteSize(cols));
    if (rows <= 0 || cols <= 0 || data.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "data.byteSize=%d for rows=%d cols=%d dtype=%s"
              .formatted(data.byteSize(), rows, cols, dtype));
    }
  }
}
