package dllama.format.gguf;

import java.util.Arrays;

/// A tensor of a GGUF file, as the file describes it.
///
/// @param dims values along each axis, the length of a row first; 1 to 4 of them
/// @param part index of the file that holds it, 0 where a model is one file
/// @param offset of the data in that file, in bytes from its start
/// @param length of the data in bytes
public record GgufTensor(
    String name, GgmlType type, long[] dims, int part, long offset, long length) {
  /// Values of a row.
  public long columns() {
    return dims[0];
  }

  /// Rows, over all further axes.
  public long rows() {
    long rows = 1;
    for (int axis = 1; axis < dims.length; axis++) {
      rows *= dims[axis];
    }
    return rows;
  }

  /// Such as "64 × 128", for people.
  public String shape() {
    return String.join(" × ", Arrays.stream(dims).mapToObj(Long::toString).toList());
  }
}
