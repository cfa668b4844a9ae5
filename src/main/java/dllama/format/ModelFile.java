package dllama.format;

import dllama.model.ModelSpec;
import dllama.model.ModelWeights;
import java.nio.file.Path;

/// What the reader of any model format offers. Owns the mapping of the file: after [#close] the
/// matrices of [#weights] throw IllegalStateException when touched. Readable from any thread.
public interface ModelFile extends AutoCloseable {
  Path path();

  ModelSpec spec();

  /// Slices of the mapping; offsets in the file need not be aligned to the element size.
  ModelWeights weights();

  @Override
  void close();
}
