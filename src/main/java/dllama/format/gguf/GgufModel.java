package dllama.format.gguf;

import dllama.error.UserException;
import dllama.format.file.KeyHeadRows;
import dllama.format.file.ModelFile;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import dllama.model.TensorRole;
import dllama.model.TensorTypes;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A model in a GGUF file, or in several. Every tensor of the file has a place in the forward pass,
/// or the file is refused with its name.
public final class GgufModel implements ModelFile {
  private final GgufFile file;
  private final Architecture architecture;
  private final GgufSpec reader;
  private final ModelSpec spec;
  private final ModelWeights weights;

  /// Made when it is asked for first: a start asks more than once, and making it takes a while.
  private @Nullable Vocabulary vocabulary;

  private GgufModel(GgufFile file) {
    this.file = file;
    architecture = GgufArchitecture.of(file);
    GgufTensor embedding = require(GgufNames.of(architecture, TensorRole.EMBEDDING, 0));
    int vocabSize = (int) Math.min(embedding.rows(), Integer.MAX_VALUE);
    reader = new GgufSpec(file);
    spec = reader.read(architecture, types(reader.layers()), vocabSize);
    Map<TensorRole.Name, GgufTensor> found = new LinkedHashMap<>(); // the first wrong one is told
    for (TensorRole.Name name : TensorRole.ofModel(spec)) {
      found.put(name, find(name).orElseThrow(() -> missing(of(name))));
    }
    checkNoOthers(found.values());
    Map<TensorRole.Name, Matrix> matrices = new HashMap<>();
    found.forEach((name, tensor) -> matrices.put(name, matrix(name, tensor)));
    weights = new ModelWeights(matrices);
  }

  private void checkNoOthers(Collection<GgufTensor> known) {
    Set<GgufTensor> used = Collections.newSetFromMap(new IdentityHashMap<>());
    used.addAll(known);
    file.tensor(GgufNames.ROPE_FACTORS).ifPresent(used::add);
    GgufNames.LONG_ROPE_FACTORS.forEach(name -> file.tensor(name).ifPresent(used::add));
    for (int layer = 0; layer < spec.layers(); layer++) {
      if (spec.attention(layer).source() < layer) {
        used.addAll(unread(layer));
      }
    }
    for (GgufTensor tensor : file.tensors()) {
      if (!used.contains(tensor) && !isOfGuesses(tensor)) {
        throw file.refused(
            "tensor %s is not known of %s models".formatted(tensor.name(), file.architecture()),
            "this kind of model is not supported yet");
      }
    }
  }

  /// Whether it belongs to a layer that guesses tokens after the next one, which is not computed.
  private boolean isOfGuesses(GgufTensor tensor) {
    return IntStream.range(0, reader.guessingLayers())
        .map(layer -> spec.layers() + layer)
        .anyMatch(layer -> tensor.name().startsWith("blk.%d.".formatted(layer)));
  }

  /// What some files have of keys and values in layers that read those of another one.
  private List<GgufTensor> unread(int layer) {
    return Stream.of(TensorRole.WK, TensorRole.WV, TensorRole.KEY_NORM)
        .flatMap(role -> file.tensor(GgufNames.of(architecture, role, layer)).stream())
        .toList();
  }

  /// Maps a file.
  ///
  /// @throws UserException for a file that is not complete, contradicts itself, or holds a model
  ///     that is not supported
  public static GgufModel open(Path path, Hints hints) {
    GgufFile file = GgufFile.open(path);
    try {
      if (hints.weightType().isPresent()) {
        throw file.refused("its tensors have types of their own", "leave --weights-float-type out");
      }
      GgufModel model = new GgufModel(file);
      if (hints.architecture().filter(told -> !told.equals(model.architecture)).isPresent()) {
        throw file.refused(
            "it is a %s model".formatted(model.architecture.name()), "leave --arch out");
      }
      return model;
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /// The types of all matrices, of each role in each layer.
  private TensorTypes types(int layers) {
    Map<TensorRole, List<DType>> types = new EnumMap<>(TensorRole.class);
    for (TensorRole role : TensorRole.values()) {
      if (role.isVector() || !role.isIn(architecture)) {
        continue;
      }
      List<Optional<DType>> ofRole = new ArrayList<>();
      for (int layer = 0; layer < (role.isInLayer() ? layers : 1); layer++) {
        ofRole.add(find(new TensorRole.Name(role, layer)).map(this::dtype));
      }
      List<DType> found = ofRole.stream().flatMap(Optional::stream).toList();
      if (!found.isEmpty()) {
        DType first = found.getFirst(); // stands for what a layer has not
        boolean same = Set.copyOf(found).size() == 1;
        types.put(
            role, same ? List.of(first) : ofRole.stream().map(type -> type.orElse(first)).toList());
      }
    }
    DType most =
        types.getOrDefault(TensorRole.W1, List.of(DType.F32)).stream()
            .collect(Collectors.groupingBy(type -> type, Collectors.counting()))
            .entrySet()
            .stream()
            .max(Map.Entry.comparingByValue())
            .orElseThrow()
            .getKey();
    return new TensorTypes(most, types);
  }

  private DType dtype(GgufTensor tensor) {
    if (!tensor.type().supported()) {
      throw file.refused(
          "tensor %s has %s weights, which are not supported"
              .formatted(tensor.name(), tensor.type()),
          "take another quantisation, such as Q4_K_M");
    }
    return DType.named(tensor.type().name());
  }

  /// The tensor of the file that holds this one.
  private Optional<GgufTensor> find(TensorRole.Name name) {
    Optional<GgufTensor> whole =
        fused(name).flatMap(fused -> file.tensor(fused.name(name.layer())));
    Optional<GgufTensor> found = whole.or(() -> separate(name));
    return name.role() == TensorRole.WCLS && found.isEmpty()
        ? file.tensor(GgufNames.of(architecture, TensorRole.EMBEDDING, 0)) // tied
        : found;
  }

  /// The tensor of the file that is this one, or this one of each expert.
  private Optional<GgufTensor> separate(TensorRole.Name name) {
    TensorRole role = name.role();
    if (!role.isOfExpert(architecture)) {
      return file.tensor(of(name)).or(() -> packed(name));
    }
    return file.tensor(GgufNames.ofExperts(architecture, role, name.layer()))
        .or(() -> file.tensor(GgufNames.ofExpert(architecture, role, name.layer(), name.expert())));
  }

  private Optional<GgufTensor> packed(TensorRole.Name name) {
    boolean gate = name.role() == TensorRole.DELTA_BETA || name.role() == TensorRole.DELTA_ALPHA;
    return gate ? file.tensor(GgufDeltaNet.packedGates(name.layer())) : Optional.empty();
  }

  /// What this one is a part of, unless the file has its parts as tensors.
  private Optional<GgufFused> fused(TensorRole.Name name) {
    return GgufFused.of(architecture, name.role())
        .filter(
            fused -> {
              TensorRole first = fused.parts().getFirst();
              return separate(new TensorRole.Name(first, name.layer())).isEmpty();
            });
  }

  private GgufTensor require(String name) {
    return file.tensor(name).orElseThrow(() -> missing(name));
  }

  private UserException missing(String name) {
    return file.damaged("tensor %s is missing".formatted(name));
  }

  private String of(TensorRole.Name name) {
    return GgufNames.of(architecture, name.role(), name.layer());
  }

  private Matrix matrix(TensorRole.Name name, GgufTensor tensor) {
    TensorRole role = name.role();
    long rows = name.rows(spec);
    long columns = name.cols(spec);
    boolean stacked = role.isOfExpert(architecture) && GgufNames.isOfExperts(tensor.name());
    int of = stacked ? spec.experts() : 1;
    Optional<GgufFused> fused = fused(name);
    boolean vector = role.isVector();
    boolean packed = GgufDeltaNet.isPacked(tensor);
    long own = packed ? 2 * rows : vector ? columns : rows;
    long all = fused.map(whole -> whole.size(spec)).orElse(own);
    check(name, tensor, all, stacked, of);
    DType type = vector ? DType.F32 : spec.type(name);
    MemorySegment data = file.data(tensor);
    if (stacked) {
      long bytes = data.byteSize() / of;
      data = data.asSlice(name.expert() * bytes, bytes);
    }
    if (fused.isPresent()) {
      long bytes = data.byteSize() / all; // of a row, or of a value
      long first = fused.get().before(role, spec);
      data = data.asSlice(first * bytes, GgufFused.size(role, spec) * bytes);
    }
    if (vector && tensor.type() != GgmlType.F32) {
      data =
          new Matrix(data, dtype(tensor), 1, columns).rounded(DType.F32, 0, 1, 0, columns).data();
    } else if (!type.equals(dtype(tensor))) {
      throw file.refused(
          "tensor %s is %s where others of the layer are %s"
              .formatted(tensor.name(), tensor.type(), type),
          "quantise the model again");
    }
    return packed
        ? new Matrix(data, type, rows, columns, new KeyHeadRows(spec.deltaNet(), role))
        : new Matrix(data, type, rows, columns);
  }

  /// @param all values of a vector, or rows of a matrix of which there are `of`
  private void check(TensorRole.Name name, GgufTensor tensor, long all, boolean stacked, int of) {
    TensorRole role = name.role();
    // A filter is a vector of the model's, and one for each channel in files.
    int width = role == TensorRole.DELTA_FILTER ? spec.deltaNet().kernel() : 0;
    boolean vector = role.isVector();
    long rows = width > 0 ? all / width : vector ? 1 : all;
    long columns = width > 0 ? width : vector ? all : name.cols(spec);
    if (tensor.columns() != columns || tensor.rows() != rows * of) {
      throw file.damaged(
          "tensor %s is %s where %d × %d%s is needed"
              .formatted(tensor.name(), tensor.shape(), columns, rows, stacked ? " × " + of : ""));
    }
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

  @Override
  public synchronized Optional<Vocabulary> vocabulary() {
    if (vocabulary == null && GgufTokenizer.isIn(file)) {
      vocabulary = GgufTokenizer.vocabulary(file);
    }
    return Optional.ofNullable(vocabulary);
  }

  /// The tokenizer for another GGUF file.
  public GgufTokens tokens() {
    return GgufTokens.of(file.metadata());
  }

  /// The tokenizer as a `.t` file can hold it.
  ///
  /// @throws UserException if it can not
  public Optional<Vocabulary> scoredVocabulary() {
    return GgufTokenizer.isIn(file) ? Optional.of(GgufTokenizer.scored(file)) : Optional.empty();
  }

  @Override
  public Optional<String> warning() {
    return GgufTokenizer.warning(file);
  }

  @Override
  public void close() {
    file.close();
  }
}
