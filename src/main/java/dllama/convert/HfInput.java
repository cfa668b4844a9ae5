package dllama.convert;

import dllama.format.dllama.DllamaKeys;
import dllama.format.file.ModelFile;
import dllama.format.gguf.GgufTokens;
import dllama.format.hf.HfModel;
import dllama.format.hf.HfTokenizer;
import dllama.format.meta.MetaTokenizer;
import dllama.model.ModelSpec;
import dllama.tensor.DType;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A folder of Hugging Face's.
final class HfInput extends FileInput {
  private final Path folder;
  private final HfModel model;

  HfInput(Path folder, DType type) {
    this(folder, HfModel.open(folder, new ModelFile.Hints(Optional.empty(), Optional.of(type))));
  }

  private HfInput(Path folder, HfModel model) {
    super(model);
    this.folder = folder;
    this.model = model;
  }

  @Override
  public List<Path> paths() {
    List<Path> all = new ArrayList<>(model.paths());
    all.add(folder.resolve("config.json"));
    return all;
  }

  @Override
  public DllamaKeys keys(ModelSpec target) {
    return DllamaKeys.ofHuggingFace(target, model::configured, model::configures);
  }

  /// Old folders have a file of SentencePiece only; which template goes with it is not known.
  @Override
  public Optional<Vocabulary> tokenizer() {
    return HfTokenizer.isIn(folder)
        ? Optional.of(HfTokenizer.scored(folder))
        : MetaTokenizer.in(folder, false);
  }

  @Override
  public GgufTokens tokens() {
    return HfTokenizer.isIn(folder)
        ? GgufTokens.of(HfTokenizer.bytePairs(folder))
        : MetaTokenizer.in(folder, false).map(GgufTokens::of).orElse(GgufTokens.NONE);
  }
}
