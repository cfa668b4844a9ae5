package dllama.format.safetensors;

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

/// Tensors in one safetensors file or in several, mapped and checked. What they mean is for others.
///
/// Owns the mappings: after [#close] whatever was taken from them throws IllegalStateException when
/// it is read. Readable from any thread.
public final class SafetensorsFile implements AutoCloseable {
  private final Arena arena;
  private final List<SafetensorsPart> parts;
  private final Map<String, SafetensorsTensor> tensors = new LinkedHashMap<>();

  private SafetensorsFile(Arena arena, List<SafetensorsPart> parts) {
    this.arena = arena;
    this.parts = parts;
    for (SafetensorsPart part : parts) {
      for (SafetensorsTensor tensor : part.tensors()) {
        if (tensors.put(tensor.name(), tensor) != null) {
          throw part.file().damaged("tensor %s is in another file, too".formatted(tensor.name()));
        }
      }
    }
  }

  /// Maps the files of a model.
  ///
  /// @param paths at least one
  /// @throws UserException for a file that is not complete or contradicts itself
  public static SafetensorsFile open(List<Path> paths) {
    Arena arena = Arena.ofShared();
    try {
      List<SafetensorsPart> parts = new ArrayList<>();
      for (Path path : paths) {
        try (InputFile file = InputFile.open(path, "model")) {
          parts.add(SafetensorsPart.read(file, file.map(arena), parts.size()));
        }
      }
      return new SafetensorsFile(arena, List.copyOf(parts));
    } catch (RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /// The files.
  public List<Path> paths() {
    return parts.stream().flatMap(part -> part.file().paths().stream()).toList();
  }

  /// All tensors, in the order of the files and of their data.
  public Collection<SafetensorsTensor> tensors() {
    return Collections.unmodifiableCollection(tensors.values());
  }

  public Optional<SafetensorsTensor> tensor(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /// The bytes of a tensor, in the mapping; they may begin at any address.
  public MemorySegment data(SafetensorsTensor tensor) {
    return parts.get(tensor.part()).bytes().asSlice(tensor.offset(), tensor.length());
  }

  /// A tensor is not what is wanted, and what to do about it.
  public UserException refused(SafetensorsTensor tensor, String what, String remedy) {
    return parts.get(tensor.part()).file().refused("tensor " + tensor.name() + " " + what, remedy);
  }

  @Override
  public void close() {
    arena.close();
  }
}
