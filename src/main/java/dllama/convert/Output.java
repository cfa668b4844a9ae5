package dllama.convert;

import dllama.format.file.TensorRows;
import dllama.tensor.DType;
import java.nio.ByteBuffer;
import java.util.List;

/// A model file that is to be written, from its beginning to its end.
record Output(List<Part> parts) {
  /// What follows what was there before.
  sealed interface Part {
    long bytes();
  }

  /// Bytes as they are.
  record Bytes(ByteBuffer content) implements Part {
    @Override
    public long bytes() {
      return content.remaining();
    }
  }

  /// A tensor.
  ///
  /// @param name for messages
  /// @param type in the file
  record Rounded(String name, TensorRows rows, DType type) implements Part {
    @Override
    public long bytes() {
      return rows.rows() * rowBytes();
    }

    int rowBytes() {
      return Math.toIntExact(type.byteSize(rows.cols()));
    }
  }

  Output {
    parts = List.copyOf(parts);
  }

  long bytes() {
    return parts.stream().mapToLong(Part::bytes).sum();
  }
}
