package dllama.tokenizer;

import dllama.error.UserException;
import dllama.tokenizer.TokenTable.Frame;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.Arrays;

/// What a `.t` file can hold of a tokenizer: pieces with scores, of which those before BOS are text
/// and the others special. How text is split is not in it, nor the kind of a token.
public final class ScoredVocabulary {
  private ScoredVocabulary() {}

  /// Byte pairs, of tokens that are written in a [ByteAlphabet]. The order of ids is that of
  /// merging.
  ///
  /// @throws UserException if special tokens are not behind all others
  public static Vocabulary byteLevel(TokenTable tokens, Frame frame) {
    TokenKind[] kinds = tokens.kinds();
    int special = 0;
    while (special < kinds.length && kinds[special] == TokenKind.NORMAL) {
      special++;
    }
    boolean mixed =
        Arrays.stream(kinds, special, kinds.length).anyMatch(kind -> kind == TokenKind.NORMAL);
    if (mixed || (frame.bos() >= 0 && frame.bos() != special)) {
      throw refused("special tokens that are not behind all others, beginning with BOS");
    }
    byte[][] pieces = new byte[kinds.length][];
    for (int id = 0; id < pieces.length; id++) {
      byte[] name = tokens.names()[id];
      pieces[id] = kinds[id] == TokenKind.NORMAL ? ByteAlphabet.bytes(name) : name;
    }
    boolean addBos = frame.addBos() && frame.bos() >= 0;
    return vocabulary(
        pieces, byOrder(pieces.length), special < kinds.length ? special : -1, addBos, frame);
  }

  /// SentencePiece. Tokens of single bytes keep their names, by which such vocabularies are known.
  ///
  /// @throws UserException if these are not where they usually are
  public static Vocabulary sentencePiece(TokenTable tokens, Frame frame, float[] scores) {
    byte[][] pieces = new byte[tokens.size()][];
    for (int id = 0; id < pieces.length; id++) {
      byte[] name = tokens.names()[id];
      pieces[id] = tokens.kinds()[id] == TokenKind.NORMAL ? TokenTable.withSpaces(name) : name;
    }
    Vocabulary vocabulary = vocabulary(pieces, scores, frame.bos(), frame.addBos(), frame);
    if (!vocabulary.sentencePiece()) {
      throw refused("where its tokens of single bytes are");
    }
    return vocabulary;
  }

  /// Scores that come to the order of the ids, in which vocabularies of byte pairs were merged.
  public static float[] byOrder(int size) {
    float[] scores = new float[size];
    for (int id = 0; id < size; id++) {
      scores[id] = -(float) id;
    }
    return scores;
  }

  private static Vocabulary vocabulary(
      byte[][] pieces, float[] scores, int bos, boolean addBos, Frame frame) {
    for (int id = 0; id < pieces.length; id++) {
      if (pieces[id].length == 0) {
        throw refused("token %d, which is empty".formatted(id));
      }
    }
    return new Vocabulary(pieces, scores, bos, frame.eos(), addBos, frame.chatTemplate());
  }

  private static UserException refused(String what) {
    return new UserException(
        "a .t file can not tell %s; give the model's own file as --tokenizer".formatted(what));
  }
}
