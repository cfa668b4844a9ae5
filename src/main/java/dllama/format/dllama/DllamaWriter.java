package dllama.format.dllama;

import dllama.files.OutputFile;
import dllama.format.file.Progress;
import dllama.format.file.RowSource;
import dllama.format.file.Tensor;
import dllama.format.file.TensorOutput;
import dllama.model.ModelSpec;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;

/// Writes `.m` files of any size with little memory.
public final class DllamaWriter {
  private DllamaWriter() {}

  /// Writes a model.
  ///
  /// @throws dllama.error.UserException if the file can not be written, or the format can not hold
  ///     this model
  public static void write(Path path, ModelSpec spec, RowSource source, Progress progress) {
    ByteBuffer header = DllamaKeys.of(spec).bytes();
    DllamaLayout layout = DllamaLayout.of(spec);
    long total = header.remaining() + layout.bytes();
    try (OutputFile file = OutputFile.create(path, total)) {
      TensorOutput output = new TensorOutput(file, total, progress);
      output.write(header);
      List<Tensor> tensors = layout.tensors();
      for (int index = 0; index < tensors.size(); index++) {
        output.write(tensors.get(index), index, source);
      }
      file.finish();
    }
  }
}
