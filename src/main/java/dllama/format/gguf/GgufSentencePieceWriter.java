package dllama.format.gguf;

import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.ArrayList;
import java.util.List;

/// A vocabulary of SentencePiece as GGUF files hold it: names, scores, and what each token is.
final class GgufSentencePieceWriter {
  private static final int NORMAL = 1;
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int BYTE = 6;

  private final Vocabulary vocabulary;

  GgufSentencePieceWriter(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  /// Writes all keys of the tokenizer.
  void describe(GgufHeaderWriter header) {
    List<String> names = new ArrayList<>();
    List<Integer> kinds = new ArrayList<>();
    for (int id = 0; id < vocabulary.size(); id++) {
      int kind = kind(id);
      kinds.add(kind);
      names.add(kind == NORMAL ? vocabulary.text(id).replace(' ', '\u2581') : vocabulary.text(id));
    }
    header
        .put("tokenizer.ggml.model", "llama")
        .putStrings("tokenizer.ggml.tokens", names)
        .putFloats("tokenizer.ggml.scores", vocabulary.scores())
        .putInts("tokenizer.ggml.token_type", kinds);
    GgufVocabularyWriter.describeEnds(vocabulary, header);
  }

  private int kind(int id) {
    if (id == vocabulary.bosId() || vocabulary.eosIds().contains(id)) {
      return CONTROL;
    }
    return id == 0 ? UNKNOWN : vocabulary.text(id).matches("<0x[0-9A-F]{2}>") ? BYTE : NORMAL;
  }
}
