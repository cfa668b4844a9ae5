package dllama.convert;

import dllama.format.file.ModelFile;
import dllama.format.file.TensorRows;
import dllama.format.gguf.GgufModel;
import dllama.format.gguf.GgufTokens;
import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A model that could be run as it is: matrices are whole in it.
class FileInput implements Input {
  private final ModelFile file;

  FileInput(ModelFile file) {
    this.file = file;
  }

  @Override
  public List<Path> paths() {
    return file.paths();
  }

  @Override
  public ModelSpec spec() {
    return file.spec();
  }

  @Override
  public TensorRows rows(TensorRole.Name name) {
    return TensorRows.of(file.weights().get(name));
  }

  @Override
  public Optional<Vocabulary> tokenizer() {
    return file instanceof GgufModel gguf ? gguf.scoredVocabulary() : Optional.empty();
  }

  @Override
  public GgufTokens tokens() {
    return file instanceof GgufModel gguf ? gguf.tokens() : GgufTokens.NONE;
  }

  @Override
  public void close() {
    file.close();
  }
}
