package dllama.format.gguf;

import dllama.files.OutputFile;
import dllama.format.file.Progress;
import dllama.format.file.RowSource;
import dllama.format.file.Tensor;
import dllama.format.file.TensorOutput;
import dllama.model.ModelSpec;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;

/// Writes a model as a GGUF file that llama.cpp loads, so that both programs can be measured on the
/// same weights: the tensors of the `.m` file, in its order, with the same bytes.
///
/// No byte needs to change: ggml's blocks of Q4_0 and Q8_0 are the same, and for `llama` it rotates
/// adjacent pairs, for which the rows of wq and wk of a `.m` file are ordered.
public final class GgufWriter {
  private GgufWriter() {}

  /// Writes a model of random weights.
  ///
  /// @throws dllama.error.UserException if the file can not be written, or the format can not hold
  ///     this model
  public static void write(
      Path path, ModelSpec spec, Vocabulary vocabulary, RowSource source, Progress progress) {
    GgufLayout layout = GgufLayout.of(spec, false);
    GgufHeader header = GgufHeader.of(spec, layout, GgufTokens.of(vocabulary), "synthetic");
    try (OutputFile file = OutputFile.create(path, header.bytes())) {
      TensorOutput output = new TensorOutput(file, header.bytes(), progress);
      output.write(header.start());
      int index = 0;
      for (GgufLayout.Group group : layout.groups()) {
        for (Tensor tensor : group.tensors()) {
          output.write(tensor, index++, source);
        }
        output.pad(GgufHeaderWriter.ALIGNMENT);
      }
      output.write(header.factors());
      output.pad(GgufHeaderWriter.ALIGNMENT);
      file.finish();
    }
  }
}
