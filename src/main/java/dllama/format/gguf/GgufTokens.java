package dllama.format.gguf;

import dllama.tokenizer.Tokenizer.Vocabulary;

/// The tokenizer of a GGUF file that is being written.
@FunctionalInterface
public interface GgufTokens {
  /// A file with a model alone.
  GgufTokens NONE = _ -> {};

  /// Writes all keys of the tokenizer.
  void describe(GgufHeaderWriter header);

  /// That of a `.t` file, or of a model that is made up.
  static GgufTokens of(Vocabulary vocabulary) {
    return vocabulary.sentencePiece()
        ? new GgufSentencePieceWriter(vocabulary)::describe
        : new GgufVocabularyWriter(vocabulary)::describe;
  }

  /// That of another GGUF file, as it is.
  static GgufTokens of(GgufMetadata metadata) {
    return header ->
        metadata.keys().stream()
            .filter(key -> key.startsWith("tokenizer."))
            .forEach(key -> header.put(key, metadata.raw(key)));
  }
}
