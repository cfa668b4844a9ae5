package dllama.format;

import dllama.error.UserException;
import dllama.format.dllama.TokenizerFile;
import dllama.format.file.FileKind;
import dllama.format.file.FileReport;
import dllama.format.file.FileReport.Entry;
import dllama.format.file.FileReport.Words;
import dllama.format.file.InputFile;
import dllama.format.file.ModelFile;
import dllama.format.gguf.GgufReport;
import dllama.model.TensorRole;
import dllama.tensor.Matrix;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Tells what files are.
public final class FileReports {
  private FileReports() {}

  /// Reads what a file says of itself. One that holds something that is not supported is told of,
  /// too.
  ///
  /// @throws UserException for a file that can not be read, or contradicts itself
  public static FileReport of(Path path) {
    if (Files.isDirectory(path)) {
      return model(path, "Hugging Face folder");
    }
    FileKind kind;
    long bytes;
    try (InputFile file = InputFile.open(path, "model")) {
      kind = FileKind.of(file).orElseThrow(() -> FileKind.refused(file, ".m or .gguf"));
      bytes = file.size();
    }
    return switch (kind) {
      case GGUF -> GgufReport.of(path);
      case DLLAMA_MODEL -> model(path, ".m file");
      case DLLAMA_TOKENIZER ->
          FileReport.of(path, ".t file", bytes, List.of()).with(words(TokenizerFile.read(path)));
      default -> FileReport.of(path, kind.name(), bytes, List.of("it is " + kind.what()));
    };
  }

  /// A model of any format that is supported.
  private static FileReport model(Path path, String format) {
    try (ModelFile file = ModelFiles.open(path, ModelFile.Hints.NONE)) {
      List<Entry> tensors =
          TensorRole.ofModel(file.spec()).stream()
              .map(name -> entry(name, file.weights().get(name)))
              .toList();
      return new FileReport(
          format,
          file.paths(),
          file.paths().stream().mapToLong(FileReports::bytes).sum(),
          file.spec().architecture().name(),
          Map.of(),
          Optional.of(file.spec()),
          tensors,
          file.vocabulary().map(FileReports::inside),
          List.of());
    }
  }

  private static Entry entry(TensorRole.Name name, Matrix matrix) {
    List<Long> shape =
        name.role().isVector() ? List.of(matrix.cols()) : List.of(matrix.cols(), matrix.rows());
    String type = matrix.dtype().name();
    return new Entry(
        name.text(), type, shape, matrix.rows() * matrix.dtype().byteSize(matrix.cols()));
  }

  /// That of a folder: `tokenizer.json` is of no other kind.
  private static Words inside(Vocabulary vocabulary) {
    int special = vocabulary.printing().silent().cardinality();
    return new Words(vocabulary, "pairs, of tokenizer.json", "", special);
  }

  /// That of a `.t` file.
  private static Words words(Vocabulary vocabulary) {
    String kind = vocabulary.sentencePiece() ? "SentencePiece" : "byte-level, by scores";
    int bos = vocabulary.bosId();
    return new Words(vocabulary, kind, "", bos < 0 ? 0 : vocabulary.size() - bos);
  }

  private static long bytes(Path path) {
    try {
      return Files.size(path);
    } catch (IOException e) {
      throw new UserException("can not read %s: %s".formatted(path, UserException.reason(e)), e);
    }
  }
}
