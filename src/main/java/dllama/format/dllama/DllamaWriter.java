package dllama.format.dllama;

import dllama.format.file.Output;
import dllama.format.file.RowSource;
import dllama.format.file.Tensor;
import dllama.model.ModelSpec;
import java.util.ArrayList;
import java.util.List;

/// What a `.m` file is made of.
public final class DllamaWriter {
  private DllamaWriter() {}

  /// A model's file.
  ///
  /// @param keys its header
  /// @throws dllama.error.UserException if the format can not hold this model
  public static Output output(DllamaKeys keys, ModelSpec spec, RowSource source) {
    List<Output.Part> parts = new ArrayList<>();
    parts.add(new Output.Bytes(keys.bytes()));
    int index = 0;
    for (Tensor tensor : DllamaLayout.of(spec).tensors()) {
      parts.add(new Output.Rows(tensor, index++, source));
    }
    return new Output(parts);
  }
}
