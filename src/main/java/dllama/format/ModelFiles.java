package dllama.format;

import dllama.format.dllama.DllamaFile;
import dllama.format.file.FileKind;
import dllama.format.file.InputFile;
import dllama.format.file.ModelFile;
import dllama.format.gguf.GgufModel;
import java.nio.file.Path;

/// Opens model files, of whatever format there is a reader for.
public final class ModelFiles {
  private ModelFiles() {}

  /// Maps a file, whose first bytes say what it is.
  ///
  /// @throws dllama.error.UserException for a file that is not a complete model of a known kind, or
  ///     not what `hints` says
  public static ModelFile open(Path path, ModelFile.Hints hints) {
    try (InputFile file = InputFile.open(path, "model")) {
      FileKind kind = FileKind.of(file).orElse(null);
      if (kind == FileKind.DLLAMA_MODEL) {
        return DllamaFile.read(file, hints);
      }
      if (kind == FileKind.GGUF) {
        return GgufModel.open(path, hints);
      }
      throw FileKind.refused(file, ".m or .gguf");
    }
  }
}
