package dllama.format.gguf;

import dllama.tokenizer.TokenKind;
import dllama.tokenizer.TokenTable;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.Arrays;

/// A vocabulary of SentencePiece as GGUF files hold it: names, scores, and what each token is.
final class GgufSentencePieceWriter {
  private final Vocabulary vocabulary;

  GgufSentencePieceWriter(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  /// Writes all keys of the tokenizer.
  void describe(GgufHeaderWriter header, int size) {
    GgufTokenList list = new GgufTokenList();
    for (int id = 0; id < vocabulary.size(); id++) {
      TokenKind kind = kind(id);
      String text = vocabulary.text(id);
      list.add(kind == TokenKind.NORMAL ? text.replace(' ', '\u2581') : text, kind);
    }
    list.write(header, "llama", size);
    float[] scores = Arrays.copyOf(vocabulary.scores(), Math.max(size, vocabulary.size()));
    header.putFloats("tokenizer.ggml.scores", scores);
    GgufTokenList.write(header, GgufVocabularyWriter.frame(vocabulary));
  }

  private TokenKind kind(int id) {
    if (id == vocabulary.bosId() || vocabulary.eosIds().contains(id)) {
      return TokenKind.CONTROL;
    }
    boolean isByte = TokenTable.isByte(vocabulary.text(id));
    return id == 0 ? TokenKind.UNKNOWN : isByte ? TokenKind.BYTE : TokenKind.NORMAL;
  }
}
