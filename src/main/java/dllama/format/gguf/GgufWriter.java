package dllama.format.gguf;

import dllama.format.file.Output;
import dllama.format.file.RowSource;
import dllama.format.file.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// What a GGUF file is made of that llama.cpp loads: the tensors of the `.m` file, in its order. Of
/// the same types they have the same bytes, so that both programs can be measured on the same
/// weights: ggml's blocks of Q4_0 and Q8_0 are the same, and for `llama` it rotates adjacent pairs,
/// for which the rows of wq and wk of a `.m` file are ordered.
public final class GgufWriter {
  private GgufWriter() {}

  /// A model's file.
  ///
  /// @param header of the same layout
  public static Output output(GgufHeader header, GgufLayout layout, RowSource source) {
    List<Output.Part> parts = new ArrayList<>();
    parts.add(new Output.Bytes(header.start()));
    int index = 0;
    for (GgufLayout.Group group : layout.groups()) {
      for (Tensor tensor : group.tensors()) {
        parts.add(new Output.Rows(tensor, index++, source));
      }
      parts.add(padding(group.bytes()));
    }
    for (ByteBuffer factors : header.factors()) {
      parts.add(new Output.Bytes(factors));
      parts.add(padding(factors.remaining()));
    }
    return new Output(parts);
  }

  private static Output.Bytes padding(long bytes) {
    return Output.Bytes.padding(bytes, GgufHeaderWriter.ALIGNMENT);
  }
}
