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
        part.of.decode(part.index, 0, cols, to, at);
        at += cols;
      }
    }
  }

  /// `count` rows as they are stored.
  public void copy(long first, int count, MemorySegment to) {
    long at = 0;
    for (long row = first; row < first + count; row++) {
      for (Row part : parts(row)) {
        part.of.copy(part.index, 0, part.bytes(), to, at);
        at += part.bytes();
      }
    }
  }

  /// Gives back the memory that a mapped file has taken for these rows; they can be read again.
  public void unload(long first, int count) {
    IdentityHashMap<Matrix, long[]> ranges = new IdentityHashMap<>();
    for (long row = first; row < first + count; row++) {
      for (Row part : parts(row)) {
        long[] range = ranges.computeIfAbsent(part.of, _ -> new long[] {part.index, part.index});
        range[1] = part.index + 1;
      }
    }
    ranges.forEach((part, range) -> part.unload(range[0], range[1]));
  }

  /// A row of a part.
  ///
  /// @param index of it in the part
  private record Row(Matrix of, long index) {
    long bytes() {
      return of.dtype().byteSize(of.cols());
    }
  }

  /// What a row is put together of.
  private List<Row> parts(long row) {
    if (beside) {
      return parts.stream().map(part -> new Row(part, row)).toList();
    }
    long place = row;
    for (Matrix part : parts) {
      if (place < part.rows()) {
        return List.of(new Row(part, place));
      }
      place -= part.rows();
    }
    throw new IndexOutOfBoundsException("row=" + row);
  }
}
