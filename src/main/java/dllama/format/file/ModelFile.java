package dllama.format.file;

import dllama.model.Architecture;
import dllama.model.ModelSource;
import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import dllama.tensor.DType;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What the reader of any model format offers. Owns the mapping of the file: after [#close] the
/// matrices of [#weights] throw IllegalStateException when touched. Readable from any thread.
public interface ModelFile extends AutoCloseable {
  /// The files that hold the model: what they contain is what it is. None for one in memory.
  List<Path> paths();

  /// What the file says of the model, with a type for each tensor.
  ModelSpec spec();

  /// Every tensor that the architecture has, by name; a matrix tells its type and shape. They are
  /// slices of the mapping; offsets in the file need not be aligned to the element size.
  ModelWeights weights();

  /// The tokenizer, where the format has it in the model file.
  Optional<Vocabulary> vocabulary();

  /// What the user should know of the file, in a line.
  default Optional<String> warning() {
    return Optional.empty();
  }

  /// The weights, for a root.
  default ModelSource source() {
    return new ModelSource.Weights(spec(), weights());
  }

  @Override
  void close();

  /// What a user says about a file that does not say it, or says it ambiguously.
  record Hints(Optional<Architecture> architecture, Optional<DType> weightType) {
    public static final Hints NONE = new Hints(Optional.empty(), Optional.empty());
  }
}
