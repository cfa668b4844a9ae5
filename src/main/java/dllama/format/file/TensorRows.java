package dllama.format.file;

import dllama.tensor.DType;
import dllama.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.IdentityHashMap;
import java.util.List;

/// The rows of a tensor, which files may have in several parts. Readable from any thread.
///
/// @param parts of the same type: below each other, or beside each other
/// @param beside whether a row goes on in the next part
public record TensorRows(List<Matrix> parts, boolean beside) {
  public TensorRows {
    parts = List.copyOf(parts);
    DType dtype = parts.getFirst().dtype();
    for (Matrix part : parts) {
      if (!part.dtype().equals(dtype)
          || (beside ? part.rows() != parts.getFirst().rows() : part.cols() != cols(parts))) {
        throw new IllegalArgumentException("parts=" + parts);
      }
    }
  }

  /// A tensor in one part.
  public static TensorRows of(Matrix matrix) {
    return new TensorRows(List.of(matrix), false);
  }

  private static long cols(List<Matrix> parts) {
    return parts.getFirst().cols();
  }

  /// Type in which the values are stored.
  public DType dtype() {
    return parts.getFirst().dtype();
  }

  public long rows() {
    return beside ? parts.getFirst().rows() : parts.stream().mapToLong(Matrix::rows).sum();
  }

  public long cols() {
    return beside ? parts.stream().mapToLong(Matrix::cols).sum() : cols(parts);
  }

  /// The values of `count` rows.
  public void values(long first, int count, float[] to) {
    int at = 0;
    for (long row = first; row < first + count; row++) {
      for (Row part : parts(row)) {
        int cols = Math.toIntExact(part.of.cols());
        dtype().decode(part.of.data(), part.at, cols, false, to, at);
        at += cols;
      }
    }
  }

  /// `count` rows as they are stored.
  public void copy(long first, int count, MemorySegment to) {
    long at = 0;
    for (long row = first; row < first + count; row++) {
      for (Row part : parts(row)) {
        MemorySegment.copy(part.of.data(), part.at, to, at, part.bytes());
        at += part.bytes();
      }
    }
  }

  /// Gives back the memory that a mapped file has taken for these rows; they can be read again.
  public void unload(long first, int count) {
    IdentityHashMap<Matrix, long[]> ranges = new IdentityHashMap<>();
    for (long row = first; row < first + count; row++) {
      for (Row part : parts(row)) {
        long[] range = ranges.computeIfAbsent(part.of, _ -> new long[] {part.at, part.at});
        range[0] = Math.min(range[0], part.at);
        range[1] = Math.max(range[1], part.at + part.bytes());
      }
    }
    ranges.forEach(
        (part, range) -> {
          if (part.data().isMapped()) {
            part.data().asSlice(range[0], range[1] - range[0]).unload();
          }
        });
  }

  /// A row of a part.
  ///
  /// @param at byte of the part's data
  private record Row(Matrix of, long at) {
    long bytes() {
      return of.dtype().byteSize(of.cols());
    }
  }

  /// What a row is put together of.
  private List<Row> parts(long row) {
    if (beside) {
      return parts.stream().map(part -> of(part, row)).toList();
    }
    long place = row;
    for (Matrix part : parts) {
      if (place < part.rows()) {
        return List.of(of(part, place));
      }
      place -= part.rows();
    }
    throw new IndexOutOfBoundsException("row=" + row);
  }

  private static Row of(Matrix part, long row) {
    return new Row(part, part.rowAt(row));
  }
}
