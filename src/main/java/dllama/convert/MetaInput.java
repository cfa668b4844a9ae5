package dllama.convert;

import dllama.format.dllama.DllamaKeys;
import dllama.format.file.TensorRows;
import dllama.format.meta.MetaModel;
import dllama.format.meta.MetaTokenizer;
import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A folder of Meta's.
final class MetaInput implements Input {
  private final Path folder;
  private final MetaModel model;

  MetaInput(Path folder) {
    this.folder = folder;
    model = MetaModel.open(folder);
  }

  @Override
  public List<Path> paths() {
    return model.paths();
  }

  @Override
  public ModelSpec spec() {
    return model.spec();
  }

  @Override
  public TensorRows rows(TensorRole.Name name) {
    return model.rows(name);
  }

  @Override
  public DllamaKeys keys(ModelSpec target) {
    return DllamaKeys.ofMeta(target, model.params());
  }

  @Override
  public Optional<Vocabulary> tokenizer() {
    return MetaTokenizer.in(folder, true);
  }

  @Override
  public void close() {
    model.close();
  }
}
