package dllama.format.hf;

import dllama.error.UserException;
import dllama.format.file.ModelFile;
import dllama.format.safetensors.SafetensorsFile;
import dllama.format.safetensors.SafetensorsTensor;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import dllama.model.TensorRole;
import dllama.model.TensorTypes;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A model in a folder of Hugging Face's. Matrices stand in the files in BF16, F16 or F32 and are
/// rounded to the model's type where they are read ([Matrix#round]); so slices, and whole files of
/// other formats, are made of it without ever holding more than a few rows. Every tensor of the
/// files has a place in the forward pass, or the folder is refused with its name.
public final class HfModel implements ModelFile {
  /// Types that weights can be rounded to.
  private static final List<DType> TYPES =
      List.of(DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q4_0);

  /// What they are rounded to unless the user says it: the least memory on each node.
  private static final DType USUAL = DType.Q4_0;

  /// Kept by old programs; made of `rope_theta`.
  private static final String FREQUENCIES = ".rotary_emb.inv_freq";

  private final HfFolder folder;
  private final HfValues config;
  private final SafetensorsFile file;
  private final HfArchitecture architecture;
  private final HfTensors tensors;
  private final ModelSpec spec;
  private final ModelWeights weights;
  private final Optional<Integer> window;

  /// Made when it is asked for first.
  private @Nullable HfTokenizer tokenizer;

  private HfModel(HfFolder folder, HfValues config, SafetensorsFile file, Hints hints) {
    this.folder = folder;
    this.config = config;
    this.file = file;
    architecture = HfArchitecture.of(config);
    tensors = new HfTensors(file, architecture);
    HfSpec reader = new HfSpec(architecture.completed(config), architecture);
    SafetensorsTensor embedding = require(new TensorRole.Name(TensorRole.EMBEDDING));
    long vocabSize = embedding.shape().isEmpty() ? 0 : embedding.shape().getFirst();
    spec =
        reader.read(
            description(hints),
            types(type(hints.weightType().orElse(USUAL))),
            (int) Math.min(vocabSize, Integer.MAX_VALUE));
    window = reader.window();
    Map<TensorRole.Name, Matrix> matrices = new HashMap<>();
    Set<String> known = new HashSet<>();
    for (TensorRole.Name name : TensorRole.ofModel(spec)) {
      SafetensorsTensor tensor = require(name);
      known.add(tensor.name());
      if (HfTensors.isBlocks(tensor)) {
        known.add(tensors.scales(tensor).name());
      }
      boolean vector = name.role().isVector();
      matrices.put(
          name, vector ? tensors.vector(name, tensor, spec) : tensors.matrix(name, tensor, spec));
    }
    checkNoOthers(known);
    weights = new ModelWeights(matrices);
  }

  private void checkNoOthers(Set<String> known) {
    known.add(architecture.tensor(new TensorRole.Name(TensorRole.WCLS)));
    for (int layer = 0; layer < spec.layers(); layer++) {
      if (spec.attention(layer).source() < layer) {
        known.addAll(unread(layer));
      }
    }
    for (SafetensorsTensor tensor : file.tensors()) {
      String name = tensor.name();
      if (!known.contains(name) && !architecture.isOther(name) && !name.endsWith(FREQUENCIES)) {
        throw file.refused(
            tensor,
            "is not known of %s models".formatted(spec.architecture().name()),
            "this kind of model is not supported yet");
      }
    }
  }

  /// What some folders have of keys and values in layers that read those of another one.
  private List<String> unread(int layer) {
    return Stream.of(TensorRole.WK, TensorRole.WV, TensorRole.KEY_NORM)
        .flatMap(role -> tensors.find(new TensorRole.Name(role, layer)).stream())
        .map(SafetensorsTensor::name)
        .toList();
  }

  /// What is in blocks stays so, and so does what the root alone reads; all else is rounded.
  private TensorTypes types(DType wanted) {
    TensorTypes types = TensorTypes.all(wanted);
    for (TensorRole role : List.of(TensorRole.W1, TensorRole.W3, TensorRole.W2)) {
      if (tensors.find(new TensorRole.Name(role)).filter(HfTensors::isBlocks).isPresent()) {
        types = types.with(role, DType.MXFP4);
      }
    }
    Optional<SafetensorsTensor> inputs =
        tensors.find(new TensorRole.Name(TensorRole.LAYER_EMBEDDING));
    return inputs.isPresent()
        ? types.with(TensorRole.LAYER_EMBEDDING, tensors.stored(inputs.get()))
        : types;
  }

  /// Whether a folder holds such a model.
  public static boolean isIn(Path folder) {
    return HfFolder.isModel(folder);
  }

  /// Maps the files of a folder.
  ///
  /// @throws UserException for files that are not complete, contradict themselves, or hold a model
  ///     that is not supported
  public static HfModel open(Path path, Hints hints) {
    if (!isIn(path)) {
      throw new UserException(
          "%s is a folder without config.json; name a model file, or a folder of Hugging Face's"
              .formatted(path));
    }
    HfFolder folder = new HfFolder(path);
    HfValues config = HfArchitecture.ofTexts(folder.config());
    HfArchitecture.of(config);
    SafetensorsFile file = SafetensorsFile.open(folder.weights());
    try {
      return new HfModel(folder, config, file, hints);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static DType type(DType wanted) {
    if (!TYPES.contains(wanted)) {
      throw new UserException(
          "--weights-float-type %s: nothing is rounded to that; take q40, q80, f16, bf16 or f32"
              .formatted(wanted.option()));
    }
    return wanted;
  }

  private Architecture description(Hints hints) {
    Architecture plain =
        architecture.description(role -> tensors.find(new TensorRole.Name(role)).isPresent());
    Architecture told = hints.architecture().orElse(plain);
    if (!told.equals(plain) && !architecture.mayBe(told)) {
      throw config.refused("it is a %s model".formatted(plain.name()), "leave --arch out");
    }
    return told;
  }

  /// The tensor of the files that holds this one.
  private SafetensorsTensor require(TensorRole.Name name) {
    Optional<SafetensorsTensor> own = tensors.find(name);
    if (name.role() == TensorRole.WCLS
        && (own.isEmpty() || config.truth("tie_word_embeddings").orElse(false))) {
      return require(new TensorRole.Name(TensorRole.EMBEDDING));
    }
    return own.orElseThrow(
        () ->
            new UserException(
                "folder %s: tensor %s is in none of its files; copy it again"
                    .formatted(folder.path(), architecture.tensor(name))));
  }

  /// A whole number of `config.json`, if it is there: for who has to write it as it stands.
  public OptionalInt configured(String key) {
    return config.natural(key).map(OptionalInt::of).orElseGet(OptionalInt::empty);
  }

  /// Whether `config.json` tells something.
  public boolean configures(String key) {
    return config.has(key);
  }

  @Override
  public List<Path> paths() {
    return file.paths();
  }

  @Override
  public ModelSpec spec() {
    return spec;
  }

  @Override
  public ModelWeights weights() {
    return weights;
  }

  private synchronized Optional<HfTokenizer> tokenizer() {
    if (tokenizer == null && HfTokenizer.isIn(folder.path())) {
      tokenizer = HfTokenizer.read(folder.path());
    }
    return Optional.ofNullable(tokenizer);
  }

  @Override
  public Optional<Vocabulary> vocabulary() {
    return tokenizer().map(HfTokenizer::vocabulary);
  }

  @Override
  public Optional<String> warning() {
    List<String> lines = new ArrayList<>(tokenizer().map(HfTokenizer::warnings).orElse(List.of()));
    window.ifPresent(
        positions ->
            lines.add(
                "its layers look back %,d positions (sliding_window), where its context ends here"
                    .formatted(positions)));
    return lines.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", lines));
  }

  @Override
  public void close() {
    file.close();
  }
}
