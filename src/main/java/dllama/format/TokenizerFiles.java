package dllama.format;

import dllama.error.UserException;
import dllama.format.dllama.TokenizerFile;
import dllama.format.file.FileKind;
import dllama.format.file.InputFile;
import dllama.format.gguf.GgufFile;
import dllama.format.gguf.GgufTokenizer;
import dllama.format.gguf.GgufTokens;
import dllama.format.hf.HfTokenizer;
import dllama.model.ModelSpec;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Reads the tokenizer of a file, whose first bytes say what it is: a `.t` file, a GGUF file, be it
/// with a model or without, or the `tokenizer.json` of a folder.
public final class TokenizerFiles {
  private TokenizerFiles() {}

  /// Reads a tokenizer.
  ///
  /// @throws UserException for a file that is not a complete tokenizer of a known kind
  public static Vocabulary read(Path path) {
    return switch (kind(path)) {
      case GGUF -> {
        try (GgufFile file = GgufFile.open(path)) {
          yield GgufTokenizer.vocabulary(file);
        }
      }
      case JSON -> HfTokenizer.read(folder(path)).vocabulary();
      case OTHER -> TokenizerFile.read(path);
    };
  }

  /// The same for a GGUF file that is to be written.
  ///
  /// @throws UserException if a GGUF file can not tell it, too
  public static GgufTokens tokens(Path path) {
    return switch (kind(path)) {
      case GGUF -> {
        try (GgufFile file = GgufFile.open(path)) {
          yield GgufTokens.of(file.metadata());
        }
      }
      case JSON -> GgufTokens.of(HfTokenizer.bytePairs(folder(path)));
      case OTHER -> GgufTokens.of(TokenizerFile.read(path));
    };
  }

  /// What the user should know of a tokenizer, in a line.
  public static Optional<String> warning(Path path) {
    return switch (kind(path)) {
      case GGUF -> {
        try (GgufFile file = GgufFile.open(path)) {
          yield GgufTokenizer.warning(file);
        }
      }
      case JSON -> {
        List<String> warnings = HfTokenizer.read(folder(path)).warnings();
        yield warnings.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", warnings));
      }
      case OTHER -> Optional.empty();
    };
  }

  private enum Kind {
    GGUF,
    JSON,
    OTHER
  }

  private static Kind kind(Path path) {
    if (Files.isDirectory(path) && HfTokenizer.isIn(path)) {
      return Kind.JSON;
    }
    try (InputFile file = InputFile.open(path, "tokenizer")) {
      Optional<FileKind> kind = FileKind.of(file);
      if (kind.equals(Optional.of(FileKind.JSON)) && HfTokenizer.isIn(folder(path))) {
        return Kind.JSON;
      }
      return kind.equals(Optional.of(FileKind.GGUF)) ? Kind.GGUF : Kind.OTHER;
    }
  }

  /// The folder of a `tokenizer.json`, or the folder itself.
  private static Path folder(Path path) {
    if (Files.isDirectory(path)) {
      return path;
    }
    Path parent = path.toAbsolutePath().getParent();
    return parent == null ? path : parent;
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
