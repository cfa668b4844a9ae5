package dllama.format.hf;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dllama.error.UserException;
import dllama.format.file.ModelFile;
import dllama.format.safetensors.SafetensorsFile;
import dllama.format.safetensors.SafetensorsTensor;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
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
    HfSpec reader = new HfSpec(config, architecture);
    SafetensorsTensor embedding = require(new TensorRole.Name(TensorRole.EMBEDDING));
    long vocabSize = embedding.shape().isEmpty() ? 0 : embedding.shape().getFirst();
    spec =
        reader.read(
            description(hints),
            type(hints.weightType().orElse(USUAL)),
            (int) Math.min(vocabSize, Integer.MAX_VALUE));
    window = reader.window();
    Map<TensorRole.Name, Matrix> matrices = new HashMap<>();
    Set<String> known = new HashSet<>();
    for (TensorRole.Name name : TensorRole.ofModel(spec)) {
      SafetensorsTensor tensor = require(name);
      known.add(tensor.name());
      matrices.put(name, name.role().isVector() ? vector(name, tensor) : matrix(name, tensor));
    }
    known.add(architecture.tensor(new TensorRole.Name(TensorRole.WCLS)));
    for (SafetensorsTensor tensor : file.tensors()) {
      boolean sees = architecture.onlySees(tensor.name());
      if (!known.contains(tensor.name()) && !sees && !tensor.name().endsWith(FREQUENCIES)) {
        throw file.refused(
            tensor,
            "is not known of %s models".formatted(spec.architecture().name()),
            "this kind of model is not supported yet");
      }
    }
    weights = new ModelWeights(matrices);
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
        architecture.description(
            role -> tensor(architecture.tensor(new TensorRole.Name(role))).isPresent());
    Architecture told = hints.architecture().orElse(plain);
    if (!told.equals(plain) && !architecture.mayBe(told)) {
      throw config.refused("it is a %s model".formatted(plain.name()), "leave --arch out");
    }
    return told;
  }

  /// The tensor of the files that holds this one.
  private SafetensorsTensor require(TensorRole.Name name) {
    String called = architecture.tensor(name);
    Optional<SafetensorsTensor> own = tensor(called);
    if (name.role() == TensorRole.WCLS
        && (own.isEmpty() || config.truth("tie_word_embeddings").orElse(false))) {
      return require(new TensorRole.Name(TensorRole.EMBEDDING));
    }
    return own.or(() -> other(name))
        .orElseThrow(
            () ->
                new UserException(
                    "folder %s: tensor %s is in none of its files; copy it again"
                        .formatted(folder.path(), called)));
  }

  private Optional<SafetensorsTensor> tensor(String called) {
    return file.tensor(called)
        .or(
            () ->
                HfArchitecture.placesInSeeing(called).stream()
                    .flatMap(place -> file.tensor(place).stream())
                    .findFirst());
  }

  private Optional<SafetensorsTensor> other(TensorRole.Name name) {
    return architecture.otherNames(name).stream()
        .flatMap(called -> file.tensor(called).stream())
        .findFirst();
  }

  private Matrix matrix(TensorRole.Name name, SafetensorsTensor tensor) {
    long rows = name.role().rows().size(spec);
    long cols = name.role().cols().size(spec);
    if (name.role().isOfExpert(spec.architecture()) && tensor.shape().size() == 3) {
      return ofAllExperts(name, tensor, rows, cols);
    }
    MemorySegment data = file.data(tensor);
    Optional<HfArchitecture.Fused> fused = architecture.fused(name.role());
    if (fused.isPresent()) {
      long all = rows(fused.get().parts());
      check(tensor, List.of(all, cols));
      long rowBytes = data.byteSize() / all;
      List<TensorRole> before =
          fused.get().parts().stream().takeWhile(part -> part != name.role()).toList();
      data = data.asSlice(rows(before) * rowBytes, rows * rowBytes);
    } else {
      check(tensor, List.of(rows, cols));
    }
    return Matrix.ofHeads(data, stored(tensor), rows, cols, pairedHeads(name.role()));
  }

  private long rows(List<TensorRole> parts) {
    return parts.stream().mapToLong(part -> part.rows().size(spec)).sum();
  }

  /// One expert's part of a tensor that holds those of all; gates and ups take turns in it.
  private Matrix ofAllExperts(
      TensorRole.Name name, SafetensorsTensor tensor, long rows, long cols) {
    int each = name.role() == TensorRole.W2 ? 1 : 2;
    check(tensor, List.of((long) spec.experts(), each * rows, cols));
    int part = each * name.expert() + (name.role() == TensorRole.W3 ? 1 : 0);
    DType type = stored(tensor);
    long bytes = rows * type.byteSize(cols);
    return new Matrix(file.data(tensor).asSlice(part * bytes, bytes), type, rows, cols);
  }

  /// A vector as F32, which all models have of them.
  private Matrix vector(TensorRole.Name name, SafetensorsTensor tensor) {
    int size = name.role().cols().size(spec);
    // The gate of a shared expert is a matrix of one row.
    boolean row = name.role() == TensorRole.SHARED_GATE;
    check(tensor, row ? List.of(1L, (long) size) : List.of((long) size));
    DType type = stored(tensor);
    // A row for each value: they are in the order of the rows of a matrix.
    Matrix column = Matrix.ofHeads(file.data(tensor), type, size, 1, pairedHeads(name.role()));
    MemorySegment values = column.rounded(DType.F32, 0, size, 0, 1).data();
    if (architecture.normsAddOne() && !name.role().isBias()) {
      for (long at = 0; at < values.byteSize(); at += Float.BYTES) {
        values.set(JAVA_FLOAT_UNALIGNED, at, values.get(JAVA_FLOAT_UNALIGNED, at) + 1);
      }
    }
    return new Matrix(values, DType.F32, 1, size);
  }

  /// Heads whose rows have to be put in the order of pairs, 0 for none.
  private int pairedHeads(TensorRole role) {
    boolean pairs = spec.architecture().rope() == Architecture.RopeStyle.ADJACENT;
    if (!pairs || !architecture.hasHalves()) {
      return 0;
    }
    return switch (role) {
      case WQ, QUERY_BIAS -> spec.heads();
      case WK, KEY_BIAS -> spec.kvHeads();
      default -> 0;
    };
  }

  private DType stored(SafetensorsTensor tensor) {
    return tensor
        .type()
        .weights()
        .orElseThrow(
            () ->
                file.refused(
                    tensor,
                    "has %s weights, which are not supported".formatted(tensor.type()),
                    "take files with BF16, F16 or F32"));
  }

  private void check(SafetensorsTensor tensor, List<Long> shape) {
    if (!tensor.shape().equals(shape)) {
      throw file.refused(
          tensor,
          "is %s where %s is needed by config.json"
              .formatted(
                  tensor.shapeText(),
                  String.join(" × ", shape.stream().map(Object::toString).toList())),
          "they do not belong together: copy the folder again");
    }
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
