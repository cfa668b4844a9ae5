package dllama.format.dllama;

import dllama.format.file.InputFile;
import dllama.format.file.ModelFile;
import dllama.format.file.ModelFile.Hints;
import dllama.format.file.Tensor;
import dllama.model.Architecture;
import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import dllama.model.TensorRole;
import dllama.tensor.DType;
import dllama.tensor.Matrix;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Reader of distributed-llama's `.m` files, with the key/value header or the older fixed
/// one.
///
/// The header and the length of the file are checked before anything is mapped or allocated by
/// them, so that a damaged file is refused at once, whatever its size.
public final class DllamaFile implements ModelFile {
  private final List<Path> paths;
  private final ModelSpec spec;
  private final Arena arena;
  private final ModelWeights weights;

  private DllamaFile(List<Path> paths, ModelSpec spec, Arena arena, ModelWeights weights) {
    this.paths = paths;
    this.spec = spec;
    this.arena = arena;
    this.weights = weights;
  }

  /// Maps a file.
  ///
  /// @throws dllama.error.UserException for a file that is not a complete model of a known kind
  public static DllamaFile open(Path path) {
    return open(path, Hints.NONE);
  }

  /// Maps a file.
  ///
  /// @throws dllama.error.UserException for a file that is not a complete model of a known kind, or
  ///     not what `hints` says
  public static DllamaFile open(Path path, Hints hints) {
    try (InputFile file = InputFile.open(path, "model")) {
      return read(file, hints);
    }
  }

  /// Reads a model that is in memory; there is nothing to close.
  ///
  /// @param name for messages
  public static DllamaFile of(byte[] content, String name, Hints hints) {
    try (InputFile file = InputFile.of(content, name)) {
      return read(file, hints);
    }
  }

  /// Reads an open file.
  ///
  /// @throws dllama.error.UserException for a file that is not a complete model of a known kind, or
  ///     not what `hints` says
  public static DllamaFile read(InputFile file, Hints hints) {
    DllamaHeader header = DllamaHeader.read(file);
    Architecture architecture = header.architecture(hints.architecture());
    DType weightType =
        header
            .weightType(hints.weightType())
            .orElseGet(() -> weightTypeByLength(file, header, architecture));
    ModelSpec spec = header.spec(architecture, weightType);
    DllamaLayout layout = DllamaLayout.of(spec);
    long expected = header.size() + layout.bytes();
    if (file.size() != expected) {
      String what =
          "it has %,d bytes where its header asks for %,d".formatted(file.size(), expected);
      if (hints.architecture().isPresent()) {
        throw file.refused(
            what + " as a %s model".formatted(architecture.name()),
            "leave --arch out, or copy or convert it again");
      }
      throw file.damaged(what);
    }
    Arena arena = Arena.ofShared();
    MemorySegment tensors = file.map(arena).asSlice(header.size());
    return new DllamaFile(file.paths(), spec, arena, weights(layout, tensors));
  }

  /// The weight type that gives the file just the length it has.
  private static DType weightTypeByLength(
      InputFile file, DllamaHeader header, Architecture architecture) {
    ModelSpec plain = header.spec(architecture, DType.F32);
    for (DType type : DllamaHeader.WEIGHT_TYPES) {
      if (plain.holdsBlocksOf(type)
          && header.size() + DllamaLayout.of(header.spec(architecture, type)).bytes()
              == file.size()) {
        return type;
      }
    }
    throw file.refused(
        "its old header does not tell the type of the weights, and its %,d bytes fit none"
            .formatted(file.size()),
        "copy or convert it again, or give --arch if it is not a %s model"
            .formatted(architecture.name()));
  }

  private static ModelWeights weights(DllamaLayout layout, MemorySegment data) {
    Map<TensorRole.Name, Matrix> tensors = new HashMap<>();
    long offset = 0;
    for (Tensor tensor : layout.tensors()) {
      MemorySegment slice = data.asSlice(offset, tensor.bytes());
      tensors.put(tensor.name(), new Matrix(slice, tensor.dtype(), tensor.rows(), tensor.cols()));
      offset += tensor.bytes();
    }
    return new ModelWeights(tensors);
  }

  @Override
  public List<Path> paths() {
    return paths;
  }

  @Override
  public ModelSpec spec() {
    return spec;
  }

  @Override
  public ModelWeights weights() {
    return weights;
  }

  /// A `.m` file has none: it is in a `.t` file.
  @Override
  public Optional<Vocabulary> vocabulary() {
    return Optional.empty();
  }

  @Override
  public void close() {
    arena.close();
  }
}
