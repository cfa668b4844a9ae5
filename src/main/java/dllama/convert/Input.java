package dllama.convert;

import dllama.format.ModelFiles;
import dllama.format.dllama.DllamaKeys;
import dllama.format.file.ModelFile;
import dllama.format.file.TensorRows;
import dllama.format.gguf.GgufTokens;
import dllama.format.meta.MetaModel;
import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import dllama.model.TensorTypes;
import dllama.tensor.DType;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A model that is to be converted. Readable from any thread until it is closed.
interface Input extends AutoCloseable {
  /// Opens whatever there is a reader for.
  ///
  /// @param type that weights will be rounded to
  /// @throws dllama.error.UserException for what is no complete model of a known kind
  static Input open(Path path, DType type) {
    if (Files.isDirectory(path)) {
      return MetaModel.isIn(path) ? new MetaInput(path) : new HfInput(path, type);
    }
    return new FileInput(ModelFiles.open(path, ModelFile.Hints.NONE));
  }

  /// All files that the outcome depends on.
  List<Path> paths();

  /// The model, with the types that its tensors have here.
  ModelSpec spec();

  /// The types of a GGUF file's tensors. Embedding and output have that of the other matrices, too.
  default TensorTypes types(DType wanted) {
    return TensorTypes.all(wanted).with(TensorRole.EMBEDDING, wanted);
  }

  /// Rows of a tensor as a `.m` file has them.
  TensorRows rows(TensorRole.Name name);

  /// The header of a `.m` file with this model, whose types are another's.
  default DllamaKeys keys(ModelSpec target) {
    return DllamaKeys.of(target);
  }

  /// Its tokenizer as a `.t` file can hold it; empty where it has none.
  ///
  /// @throws dllama.error.UserException if it has one that a `.t` file can not hold
  Optional<Vocabulary> tokenizer();

  /// Its tokenizer for a GGUF file.
  ///
  /// @throws dllama.error.UserException if it has one that is not known
  default GgufTokens tokens() {
    return tokenizer().map(GgufTokens::of).orElse(GgufTokens.NONE);
  }

  @Override
  void close();
}
