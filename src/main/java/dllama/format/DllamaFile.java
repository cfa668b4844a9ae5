package dllama.format;

import dllama.format.DllamaLayout.Role;
import dllama.format.DllamaLayout.Tensor;
import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import dllama.model.ModelWeights.Layer;
import dllama.tensor.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Reader of distributed-llama's `.m` files with a key/value header.
///
/// The header and the length of the file are checked before anything is mapped or allocated by
/// them, so that a damaged file is refused at once, whatever its size.
public final class DllamaFile implements ModelFile {
  private final Path path;
  private final ModelSpec spec;
  private final Arena arena;
  private final ModelWeights weights;

  private DllamaFile(Path path, ModelSpec spec, Arena arena, ModelWeights weights) {
    this.path = path;
    this.spec = spec;
    this.arena = arena;
    this.weights = weights;
  }

  /// Maps a file.
  ///
  /// @throws dllama.error.UserException for a file that is not a complete model of a known kind
  public static DllamaFile open(Path path) {
    try (InputFile file = InputFile.open(path, "model")) {
      DllamaHeader header = DllamaHeader.read(file);
      ModelSpec spec = header.spec();
      DllamaLayout layout = DllamaLayout.of(spec);
      long expected = header.size() + layout.bytes();
      if (file.size() != expected) {
        throw file.damaged(
            "it has %,d bytes where its header asks for %,d".formatted(file.size(), expected));
      }
      Arena arena = Arena.ofShared();
      MemorySegment tensors = file.map(arena).asSlice(header.size());
      return new DllamaFile(path, spec, arena, weights(layout, tensors));
    }
  }

  private static ModelWeights weights(DllamaLayout layout, MemorySegment tensors) {
    Cursor cursor = new Cursor(tensors);
    Matrix embedding = cursor.next(layout.embedding());
    List<Layer> layers = new ArrayList<>(layout.layers());
    for (int i = 0; i < layout.layers(); i++) {
      layers.add(layer(cursor.next(layout.layer())));
    }
    Map<Role, Matrix> end = cursor.next(layout.end());
    return new ModelWeights(
        embedding, List.copyOf(layers), get(end, Role.FINAL_NORM), get(end, Role.WCLS));
  }

  private static Layer layer(Map<Role, Matrix> tensors) {
    return new Layer(
        get(tensors, Role.WQ),
        get(tensors, Role.WK),
        get(tensors, Role.WV),
        get(tensors, Role.WO),
        get(tensors, Role.W1),
        get(tensors, Role.W2),
        get(tensors, Role.W3),
        get(tensors, Role.ATTENTION_NORM),
        get(tensors, Role.FFN_NORM));
  }

  private static Matrix get(Map<Role, Matrix> tensors, Role role) {
    return Objects.requireNonNull(tensors.get(role), role.name());
  }

  @Override
  public Path path() {
    return path;
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
  public void close() {
    arena.close();
  }

  /// Cuts one tensor after the other from the mapping.
  private static final class Cursor {
    private final MemorySegment data;
    private long offset;

    Cursor(MemorySegment data) {
      this.data = data;
    }

    Matrix next(Tensor tensor) {
      MemorySegment slice = data.asSlice(offset, tensor.bytes());
      offset += tensor.bytes();
      return new Matrix(slice, tensor.dtype(), tensor.rows(), tensor.cols());
    }

    Map<Role, Matrix> next(List<Tensor> tensors) {
      Map<Role, Matrix> cut = new EnumMap<>(Role.class);
      for (Tensor tensor : tensors) {
        cut.put(tensor.role(), next(tensor));
      }
      return cut;
    }
  }
}
