package dllama.format.gguf;

import dllama.error.UserException;
import dllama.format.file.InputFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// A GGUF file, or all files of a model that was split, mapped and checked: what it says of itself
/// ([#metadata]) and where its tensors are. What the values mean is for others.
///
/// Owns the mappings: after [#close] whatever was taken from them throws IllegalStateException when
/// it is read. Readable from any thread.
public final class GgufFile implements AutoCloseable {
  private static final String ARCHITECTURE = "general.architecture";

  private final Arena arena;
  private final List<GgufPart> parts;
  private final Map<String, GgufTensor> tensors = new LinkedHashMap<>();

  private GgufFile(Arena arena, List<GgufPart> parts) {
    this.arena = arena;
    this.parts = parts;
    for (GgufPart part : parts) {
      for (GgufTensor tensor : part.tensors()) {
        if (tensors.put(tensor.name(), tensor) != null) {
          throw part.file().damaged("tensor %s is there twice".formatted(tensor.name()));
        }
      }
    }
    GgufSplit.checkTensors(parts, tensors.size());
  }

  /// Maps a file; if it is one of several that hold a model together, all of them.
  ///
  /// @throws UserException for a file that is not complete or contradicts itself
  public static GgufFile open(Path path) {
    Arena arena = Arena.ofShared();
    try {
      List<GgufPart> parts = new ArrayList<>();
      List<Path> paths = GgufSplit.of(path).map(GgufSplit::paths).orElse(List.of(path));
      for (Path each : paths) {
        try (InputFile file = InputFile.open(each, "model")) {
          parts.add(GgufPart.read(file, file.map(arena), parts.size()));
        }
        GgufSplit.check(parts.getLast(), parts.size() - 1, paths);
      }
      return new GgufFile(arena, List.copyOf(parts));
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /// The files, the one with the metadata first.
  public List<Path> paths() {
    return parts.stream().flatMap(part -> part.file().paths().stream()).toList();
  }

  /// Bytes of all files.
  public long size() {
    return parts.stream().mapToLong(part -> part.bytes().byteSize()).sum();
  }

  /// What the file says of the model.
  public GgufMetadata metadata() {
    return parts.getFirst().metadata();
  }

  /// What kind of model it is, such as "llama". Keys of the model's own begin with that and a dot.
  public String architecture() {
    return metadata().string(ARCHITECTURE);
  }

  /// All tensors, in the order of the files.
  public Collection<GgufTensor> tensors() {
    return Collections.unmodifiableCollection(tensors.values());
  }

  public Optional<GgufTensor> tensor(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /// The bytes of a tensor, in the mapping. Their address is a multiple of the file's alignment, or
  /// of the page size if that is less.
  public MemorySegment data(GgufTensor tensor) {
    return parts.get(tensor.part()).bytes().asSlice(tensor.offset(), tensor.length());
  }

  /// The content contradicts itself, in a way that the reader of a model finds.
  public UserException damaged(String what) {
    return parts.getFirst().file().damaged(what);
  }

  /// The content is not what is wanted, and what to do about it.
  public UserException refused(String what, String remedy) {
    return parts.getFirst().file().refused(what, remedy);
  }

  /// The records of a model check their own values; the file's name is added here.
  <T> T checked(Supplier<T> values) {
    try {
      return values.get();
    } catch (UserException e) {
      throw damaged(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
