package dllama.tokenizer;

import dllama.error.UserException;
import dllama.tokenizer.Tokenizer.Encoding;
import dllama.tokenizer.Tokenizer.Printing;
import dllama.tokenizer.Tokenizer.Vocabulary;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The tokens of a vocabulary as a file lists them, and the vocabularies that can be made of them.
///
/// @param names by id
/// @param kinds by id
public record TokenTable(byte[][] names, TokenKind[] kinds) {
  private static final String SPACE = "\u00E2\u0096\u0081";

  /// What goes around texts.
  ///
  /// @param bos −1 where there is none
  /// @param eos tokens that end an answer, first the one that ends texts
  public record Frame(
      int bos, List<Integer> eos, boolean addBos, boolean addEos, @Nullable String chatTemplate) {}

  /// Checks the names of bytes.
  ///
  /// @throws UserException for one that names none
  public TokenTable {
    for (int id = 0; id < names.length; id++) {
      String name = new String(names[id], StandardCharsets.ISO_8859_1);
      if (kinds[id] == TokenKind.BYTE && !isByte(name)) {
        throw new UserException("token %s is no byte, though its type says so".formatted(name));
      }
    }
  }

  /// Whether a token has the name of a byte, such as `<0x41>`.
  public static boolean isByte(String name) {
    return name.length() == 6 && name.matches("<0x[0-9A-Fa-f]{2}>");
  }

  public int size() {
    return names.length;
  }

  /// SentencePiece: neighbours are merged by the scores of what they become.
  public Vocabulary sentencePiece(Frame frame, float[] scores, boolean spaceInFront) {
    byte[][] pieces = pieces(false);
    int[] byteTokens = byteTokens(pieces);
    return vocabulary(
        frame,
        pieces,
        scores,
        spaceInFront,
        of ->
            new SentencePieceTokenizer(of, names, kinds, byteTokens, spaceInFront, frame.addEos()));
  }

  /// Byte pairs, of tokens that are written in a [ByteAlphabet].
  public Vocabulary byteLevel(
      Frame frame, MergeRules merges, PreTokenizer splitting, TextForm form) {
    return vocabulary(
        frame,
        pieces(true),
        ScoredVocabulary.byOrder(names.length),
        false,
        of ->
            BytePairTokenizer.byteLevel(of, names, kinds, merges, splitting, form, frame.addEos()));
  }

  /// Byte pairs, of tokens that are written as they are with `▁` for spaces.
  public Vocabulary byCharacters(
      Frame frame, MergeRules merges, PreTokenizer splitting, TextForm form) {
    return vocabulary(
        frame,
        pieces(false),
        ScoredVocabulary.byOrder(names.length),
        form.spaces() != TextForm.SpaceInFront.NEVER,
        of ->
            BytePairTokenizer.byCharacters(
                of, names, kinds, merges, splitting, form, frame.addEos()));
  }

  /// What is shown of tokens, or their names.
  private byte[][] pieces(boolean byteLevel) {
    byte[][] pieces = new byte[names.length][];
    for (int id = 0; id < pieces.length; id++) {
      byte[] name = names[id];
      pieces[id] =
          switch (kinds[id]) {
            case NORMAL -> byteLevel ? ByteAlphabet.bytes(name) : withSpaces(name);
            case BYTE -> byteOf(name);
            case UNUSED, UNKNOWN, CONTROL, USER_DEFINED -> name;
          };
    }
    return pieces;
  }

  /// With spaces in place of the characters that stand for them.
  static byte[] withSpaces(byte[] name) {
    return new String(name, StandardCharsets.ISO_8859_1)
        .replace(SPACE, " ")
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private static byte[] byteOf(byte[] name) {
    String digits = new String(name, 3, 2, StandardCharsets.ISO_8859_1);
    return new byte[] {(byte) Integer.parseInt(digits, 16)};
  }

  /// Tokens of single bytes; a token of the character will do where there is none of the byte.
  private int[] byteTokens(byte[][] pieces) {
    int[] tokens = new int[256];
    Arrays.fill(tokens, -1);
    for (TokenKind kind : List.of(TokenKind.NORMAL, TokenKind.BYTE)) {
      for (int id = pieces.length - 1; id >= 0; id--) {
        if (pieces[id].length == 1 && kinds[id] == kind) {
          tokens[pieces[id][0] & 0xFF] = id;
        }
      }
    }
    return tokens;
  }

  private Vocabulary vocabulary(
      Frame frame, byte[][] pieces, float[] scores, boolean spaceInFront, Encoding encoding) {
    BitSet silent = new BitSet();
    for (int id = 0; id < kinds.length; id++) {
      silent.set(id, kinds[id].silent());
    }
    return new Vocabulary(
        pieces,
        scores,
        frame.bos(),
        frame.eos(),
        frame.addBos(),
        frame.chatTemplate(),
        new Printing(silent, spaceInFront, false),
        encoding);
  }
}
