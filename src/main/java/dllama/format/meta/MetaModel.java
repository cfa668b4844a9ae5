package dllama.format.meta;

import dllama.error.UserException;
import dllama.format.file.InputFile;
import dllama.format.file.TensorRows;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelSpec.Activation;
import dllama.model.TensorRole;
import dllama.tensor.Matrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A Llama as Meta publishes it: a folder with `params.json` and `consolidated.00.pth`, `.01.pth`,
/// …, each of which has a part of every matrix. Owns the mappings of the files: after [#close]
/// nothing of it can be read. Readable from any thread.
public final class MetaModel implements AutoCloseable {
  private static final String PARAMS = "params.json";

  /// Computed from the parameters, so not needed.
  private static final String FREQUENCIES = "rope.freqs";

  private final Path folder;
  private final MetaParams params;
  private final List<Path> paths;
  private final Arena arena = Arena.ofShared();
  private final List<Map<String, TorchTensor>> parts = new ArrayList<>();
  private final ModelSpec spec;

  private MetaModel(Path folder) {
    this.folder = folder;
    this.paths = parts(folder);
    try {
      params = MetaParams.read(folder.resolve(PARAMS));
      for (Path path : paths) {
        try (InputFile file = InputFile.open(path, "model")) {
          parts.add(TorchFile.read(file, arena));
        }
      }
      spec = readSpec();
      check();
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /// Whether a folder has such a model.
  public static boolean isIn(Path folder) {
    return Files.isRegularFile(folder.resolve(PARAMS)) && !parts(folder).isEmpty();
  }

  /// Maps the files of a model.
  ///
  /// @throws UserException for files that are damaged, contradict each other, or hold a model that
  ///     is not supported
  public static MetaModel open(Path folder) {
    return new MetaModel(folder);
  }

  private static List<Path> parts(Path folder) {
    List<Path> parts = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "consolidated.*.pth")) {
      found.forEach(parts::add);
    } catch (IOException e) {
      throw new UserException(
          "%s can not be read (%s)".formatted(folder, UserException.reason(e)), e);
    }
    parts.sort(null);
    return parts;
  }

  private ModelSpec readSpec() {
    int dim = params.whole("dim");
    int heads = params.whole("n_heads");
    if (dim < 1 || heads < 1 || dim % heads != 0) {
      throw params.refused("has dim %d and n_heads %d".formatted(dim, heads));
    }
    int vocabSize = width("tok_embeddings.weight", dim);
    if (params.has("vocab_size")
        && params.whole("vocab_size") > 0
        && params.whole("vocab_size") != vocabSize) {
      throw params.refused(
          "has vocab_size %d, but there are %d".formatted(params.whole("vocab_size"), vocabSize));
    }
    return new ModelSpec(
        Architecture.LLAMA,
        find("tok_embeddings.weight").getFirst().dtype(),
        dim,
        width("layers.0.feed_forward.w1.weight", dim),
        0,
        0,
        params.whole("n_layers"),
        heads,
        params.has("n_kv_heads") ? params.whole("n_kv_heads") : heads,
        dim / heads,
        vocabSize,
        params.contextLength(),
        params.epsilon(),
        Activation.SILU,
        params.rope());
  }

  /// Rows of a matrix of `dim` columns, however it is divided.
  private int width(String name, int dim) {
    long values = 0;
    for (TorchTensor part : find(name)) {
      values += part.data().byteSize() / part.dtype().blockBytes();
    }
    if (values % dim != 0 || values / dim > Integer.MAX_VALUE) {
      throw damaged("%s has %,d values, which are not rows of %d".formatted(name, values, dim));
    }
    return (int) (values / dim);
  }

  private List<TorchTensor> find(String name) {
    List<TorchTensor> found = new ArrayList<>();
    for (Map<String, TorchTensor> part : parts) {
      TorchTensor tensor = part.get(name);
      if (tensor == null || !tensor.isMatrix()) {
        throw damaged("%s is missing in part %d".formatted(name, found.size()));
      }
      found.add(tensor);
    }
    return found;
  }

  /// Every tensor is needed, and has its shape.
  private void check() {
    Set<String> known = new HashSet<>(Set.of(FREQUENCIES));
    for (TensorRole.Name name : TensorRole.ofModel(spec)) {
      rows(name);
      known.add(of(name));
    }
    for (Map<String, TorchTensor> part : parts) {
      for (String name : part.keySet()) {
        if (!known.contains(name)) {
          throw new UserException(
              "%s: tensor %s is not known of Llama models; this kind of model is not supported"
                  .formatted(folder, name));
        }
      }
    }
  }

  private String of(TensorRole.Name name) {
    return switch (name.role()) {
      case EMBEDDING -> "tok_embeddings.weight";
      case FINAL_NORM -> "norm.weight";
      // Not there where it is that of the embedding.
      case WCLS ->
          parts.getFirst().containsKey("output.weight") ? "output.weight" : "tok_embeddings.weight";
      default -> "layers.%d.%s.weight".formatted(name.layer(), inLayer(name.role()));
    };
  }

  private static String inLayer(TensorRole role) {
    return switch (role) {
      case ATTENTION_NORM -> "attention_norm";
      case WQ -> "attention.wq";
      case WK -> "attention.wk";
      case WV -> "attention.wv";
      case WO -> "attention.wo";
      case FFN_NORM -> "ffn_norm";
      case W1 -> "feed_forward.w1";
      case W2 -> "feed_forward.w2";
      case W3 -> "feed_forward.w3";
      default -> throw new IllegalArgumentException("role=" + role);
    };
  }

  public List<Path> paths() {
    List<Path> all = new ArrayList<>(paths);
    all.add(folder.resolve(PARAMS));
    return all;
  }

  /// What the files say of the model; the type of the weights is that of the embedding.
  public ModelSpec spec() {
    return spec;
  }

  /// Keys of `params.json` in their order.
  public Collection<String> params() {
    return params.names();
  }

  /// A tensor, put together of the parts.
  public TensorRows rows(TensorRole.Name name) {
    List<Matrix> found = find(of(name)).stream().map(TorchTensor::matrix).toList();
    long rows = name.role().rows().size(spec);
    long cols = name.role().cols().size(spec);
    Matrix first = found.getFirst();
    if (name.role().isVector()) {
      found = List.of(first); // each part has the whole
    }
    boolean same =
        found.stream()
            .allMatch(
                part ->
                    part.dtype().equals(first.dtype())
                        && part.rows() == first.rows()
                        && part.cols() == first.cols());
    boolean beside = first.cols() != cols;
    long divided = beside ? first.cols() * found.size() : first.rows() * found.size();
    if (!same || divided != (beside ? cols : rows) || (beside && first.rows() != rows)) {
      throw damaged(
          "%s is %d × %d in each of %d parts where %d × %d in all is needed"
              .formatted(of(name), first.rows(), first.cols(), parts.size(), rows, cols));
    }
    return new TensorRows(found, beside);
  }

  private UserException damaged(String what) {
    return new UserException(
        "%s: %s; the files are damaged or not of one model: copy or fetch them again"
            .formatted(folder, what));
  }

  @Override
  public void close() {
    arena.close();
  }
}
