package dllama.format.safetensors;

import java.util.List;
import java.util.stream.Collectors;

/// A tensor of a safetensors file, as the file describes it.
///
/// @param shape values along each axis, those of a row last; none for a single value
/// @param part index of the file that holds it
/// @param offset of the data in that file, in bytes from its start
/// @param length of the data in bytes
public record SafetensorsTensor(
    String name, SafetensorsType type, List<Long> shape, int part, long offset, long length) {
  public SafetensorsTensor {
    shape = List.copyOf(shape);
  }

  /// Such as "128 × 64", for people.
  public String shapeText() {
    return shape.isEmpty()
        ? "a single value"
        : shape.stream().map(String::valueOf).collect(Collectors.joining(" × "));
  }
}
