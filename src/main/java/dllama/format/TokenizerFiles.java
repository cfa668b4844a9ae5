package dllama.format;

import dllama.error.UserException;
import dllama.format.dllama.TokenizerFile;
import dllama.format.file.FileKind;
import dllama.format.file.InputFile;
import dllama.format.gguf.GgufFile;
import dllama.format.gguf.GgufTokenizer;
import dllama.model.ModelSpec;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Path;
import java.util.Optional;

/// Reads the tokenizer of a file, whose first bytes say what it is: a `.t` file, or a GGUF file, be
/// it with a model or without.
public final class TokenizerFiles {
  private TokenizerFiles() {}

  /// Reads a tokenizer.
  ///
  /// @throws UserException for a file that is not a complete tokenizer of a known kind
  public static Vocabulary read(Path path) {
    if (!isGguf(path)) {
      return TokenizerFile.read(path);
    }
    try (GgufFile file = GgufFile.open(path)) {
      return GgufTokenizer.vocabulary(file);
    }
  }

  /// What the user should know of a tokenizer, in a line.
  public static Optional<String> warning(Path path) {
    if (!isGguf(path)) {
      return Optional.empty();
    }
    try (GgufFile file = GgufFile.open(path)) {
      return GgufTokenizer.warning(file);
    }
  }

  private static boolean isGguf(Path path) {
    try (InputFile file = InputFile.open(path, "tokenizer")) {
      return FileKind.of(file).equals(Optional.of(FileKind.GGUF));
    }
  }

  /// Checks that a tokenizer gives no token that the model does not know. The other way round is
  /// usual: vocabularies of models are padded.
  ///
  /// @param called how messages name the tokenizer
  /// @throws UserException if it could
  public static Vocabulary fitting(Vocabulary vocabulary, ModelSpec spec, String called) {
    if (vocabulary.size() > spec.vocabSize()) {
      throw new UserException(
          "%s has %d tokens, the model only %d; use the tokenizer made for this model"
              .formatted(called, vocabulary.size(), spec.vocabSize()));
    }
    return vocabulary;
  }
}
