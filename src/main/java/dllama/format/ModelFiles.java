package dllama.format;

import dllama.error.UserException;
import dllama.format.dllama.DllamaFile;
import dllama.format.file.FileKind;
import dllama.format.file.InputFile;
import dllama.format.file.ModelFile;
import dllama.format.gguf.GgufModel;
import dllama.format.hf.HfModel;
import dllama.format.meta.MetaModel;
import java.nio.file.Files;
import java.nio.file.Path;

/// Opens model files, of whatever format there is a reader for.
public final class ModelFiles {
  private ModelFiles() {}

  /// Maps a file, whose first bytes say what it is, or the files of a folder of Hugging Face's.
  ///
  /// @throws dllama.error.UserException for a file that is not a complete model of a known kind, or
  ///     not what `hints` says
  public static ModelFile open(Path path, ModelFile.Hints hints) {
    if (Files.isDirectory(path)) {
      if (MetaModel.isIn(path) && !HfModel.isIn(path)) {
        throw new UserException(
            "%s is a folder of Meta's checkpoints; convert it first: convert %s model.m"
                .formatted(path, path));
      }
      return HfModel.open(path, hints);
    }
    try (InputFile file = InputFile.open(path, "model")) {
      FileKind kind = FileKind.of(file).orElse(null);
      if (kind == FileKind.DLLAMA_MODEL) {
        return DllamaFile.read(file, hints);
      }
      if (kind == FileKind.GGUF) {
        return GgufModel.open(path, hints);
      }
      if (kind == FileKind.SAFETENSORS) {
        throw file.refused(
            "it is a safetensors file, one of a folder's", "give the folder as --model");
      }
      if (kind == FileKind.ZIP) {
        throw file.refused(
            "it is " + FileKind.ZIP.what(),
            "name a .m or .gguf file, a folder with config.json, or what convert makes of it");
      }
      throw FileKind.refused(file, ".m or .gguf");
    }
  }
}
