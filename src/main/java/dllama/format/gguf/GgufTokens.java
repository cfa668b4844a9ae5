package dllama.format.gguf;

import dllama.tokenizer.BytePairs;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.LinkedHashMap;
import java.util.Map;

/// The tokenizer of a GGUF file that is being written.
@FunctionalInterface
public interface GgufTokens {
  /// A file with a model alone.
  GgufTokens NONE = (_, _) -> {};

  /// Writes all keys of the tokenizer.
  ///
  /// @param size tokens of the model: llama.cpp wants as many in the list
  void describe(GgufHeaderWriter header, int size);

  /// That of a `.t` file, or of a model that is made up.
  static GgufTokens of(Vocabulary vocabulary) {
    return vocabulary.sentencePiece()
        ? new GgufSentencePieceWriter(vocabulary)::describe
        : new GgufVocabularyWriter(vocabulary)::describe;
  }

  /// That of a folder of Hugging Face's.
  ///
  /// @throws dllama.error.UserException if a GGUF file can not tell it
  static GgufTokens of(BytePairs pairs) {
    return new GgufBytePairsWriter(pairs)::describe;
  }

  /// That of another GGUF file, as it is; the file may be closed then.
  static GgufTokens of(GgufMetadata metadata) {
    Map<String, byte[]> values = new LinkedHashMap<>();
    metadata.keys().stream()
        .filter(key -> key.startsWith("tokenizer."))
        .forEach(key -> values.put(key, metadata.raw(key)));
    return (header, _) -> values.forEach(header::put);
  }
}
