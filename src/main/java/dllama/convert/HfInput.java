package dllama.convert;

import dllama.format.dllama.DllamaKeys;
import dllama.format.file.ModelFile;
import dllama.format.gguf.GgufTokens;
import dllama.format.hf.HfModel;
import dllama.format.hf.HfTokenizer;
import dllama.format.meta.MetaTokenizer;
import dllama.model.ModelSpec;
import dllama.model.TensorRole;
import dllama.model.TensorTypes;
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

  /// What is in blocks already stays as it is.
  @Override
  public TensorTypes types(DType wanted) {
    TensorTypes types = super.types(wanted);
    for (TensorRole role : List.of(TensorRole.W1, TensorRole.W3, TensorRole.W2)) {
      if (spec().type(new TensorRole.Name(role)).equals(DType.MXFP4)) {
        types = types.with(role, DType.MXFP4);
      }
    }
    return types;
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
