package dllama.format.file;

import java.nio.ByteBuffer;

/// Gives the content of tensors to who writes them, a few rows at a time; on several threads at
/// once.
@FunctionalInterface
public interface RowSource {
  /// Appends rows `[first, first + count)` of a tensor, `count * dtype.byteSize(cols)` bytes,
  /// little-endian.
  ///
  /// @param index number of the tensor in the file, from 0
  void fill(Tensor tensor, int index, long first, int count, ByteBuffer rows);
}
