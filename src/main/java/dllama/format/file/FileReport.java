package dllama.format.file;

import dllama.model.ModelSpec;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a file says of itself, for people, as far as it could be read.
///
/// @param format such as "GGUF file"
/// @param paths of all its parts
/// @param bytes of all parts
/// @param architecture as the file names it; empty if it holds no model
/// @param facts what else it says of the model where there is no `spec`, by name
/// @param spec of a model that is supported
/// @param tensors in the order of the file
/// @param tokenizer empty if there is none, or none that is supported
/// @param obstacles why it can not be run, a line each; empty if it can
public record FileReport(
    String format,
    List<Path> paths,
    long bytes,
    String architecture,
    Map<String, String> facts,
    Optional<ModelSpec> spec,
    List<Entry> tensors,
    Optional<Words> tokenizer,
    List<String> obstacles) {

  /// A tensor.
  ///
  /// @param type as the format names it
  /// @param shape values along each axis, the length of a row first
  public record Entry(String name, String type, List<Long> shape, long bytes) {
    /// Its values.
    public long values() {
      return shape.stream().reduce(1L, (a, b) -> a * b);
    }
  }

  /// A tokenizer.
  ///
  /// @param kind how text is encoded
  /// @param preTokenizer name of the rule by which text is split first; empty if there is none
  /// @param special how many tokens are special
  public record Words(Vocabulary vocabulary, String kind, String preTokenizer, int special) {}

  public FileReport {
    paths = List.copyOf(paths);
    tensors = List.copyOf(tensors);
    obstacles = List.copyOf(obstacles);
  }

  /// What is known of a file that is nothing to run.
  public static FileReport of(Path path, String format, long bytes, List<String> obstacles) {
    return new FileReport(
        format,
        List.of(path),
        bytes,
        "",
        Map.of(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        obstacles);
  }

  /// The same with a tokenizer.
  public FileReport with(Words words) {
    return new FileReport(
        format, paths, bytes, architecture, facts, spec, tensors, Optional.of(words), obstacles);
  }
}
