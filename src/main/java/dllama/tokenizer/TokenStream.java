package dllama.tokenizer;

import dllama.tokenizer.Tokenizer.Vocabulary;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Turns the tokens of one answer into text, piece by piece. A character whose bytes are spread
/// over tokens is held back until it is complete; bytes that can not be UTF-8 become one U+FFFD
/// once a complete character follows. BOS and end tokens give no text, nor do those that are
/// silent. Not thread-safe.
///
/// Of a `.t` vocabulary, what is emitted is, byte for byte, what distributed-llama prints: it
/// checks the form of UTF-8 sequences only (overlong ones and surrogates pass), ends a piece at a
/// zero byte, and shows what was held back when an end token comes, without forgetting it.
///
/// In a SentencePiece vocabulary a token that follows BOS loses the space in front.
public final class TokenStream {
  private static final byte[] REPLACEMENT = "\uFFFD".getBytes(StandardCharsets.UTF_8);
  private static final byte[] NOTHING = {};

  private final Vocabulary vocabulary;
  private final boolean sentencePiece;
  private final boolean spaceInFront;

  /// All bytes since the last complete character, for the end token.
  private final ByteArrayOutputStream held = new ByteArrayOutputStream();

  /// The begun character, of which `missing` bytes are still to come.
  private final byte[] partial = new byte[4];

  private int partialLength;
  private int missing;
  private boolean invalid;

  /// Whether the token before was BOS.
  private boolean begins;

  public TokenStream(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    this.sentencePiece = vocabulary.sentencePiece();
    this.spaceInFront = hidesFirstSpace(vocabulary);
  }

  /// Whether of a text that begins with BOS a space in front is not shown.
  public static boolean hidesFirstSpace(Vocabulary vocabulary) {
    return vocabulary.sentencePiece() || vocabulary.printing().spaceInFront();
  }

  /// The bytes that each token gives within an answer, by id; none of special tokens, though
  /// distributed-llama prints the names of some.
  public static byte[][] shown(Vocabulary vocabulary) {
    TokenStream stream = new TokenStream(vocabulary);
    byte[][] shown = new byte[vocabulary.size()][];
    for (int token = 0; token < shown.length; token++) {
      byte[] piece = stream.piece(token);
      shown[token] = stream.special(token) ? NOTHING : Arrays.copyOf(piece, stream.length(piece));
    }
    return shown;
  }

  private boolean special(int token) {
    // A .t file does not say what a token is for: special ones are BOS and all after it, or, in
    // SentencePiece, those before the bytes.
    boolean dllama = vocabulary.printing().endsAtZero() && vocabulary.bosId() >= 0;
    boolean named = dllama && !sentencePiece && token >= vocabulary.bosId();
    return named
        || (sentencePiece && ByteTokens.before(token))
        || token == vocabulary.bosId()
        || vocabulary.eosIds().contains(token)
        || vocabulary.printing().silent().get(token);
  }

  /// Forgets what was held back: a new answer begins.
  public void reset() {
    begins = false;
    clear();
  }

  /// Tells which token stands before the next one, without showing it.
  public void follow(int token) {
    begins = token == vocabulary.bosId();
  }

  private void clear() {
    held.reset();
    partialLength = 0;
    missing = 0;
    invalid = false;
  }

  /// The text that this token completes, often empty.
  public String next(int token) {
    byte[] bytes = nextBytes(token);
    return bytes.length == 0 ? "" : new String(bytes, StandardCharsets.UTF_8);
  }

  /// The same as bytes. Ids beyond the vocabulary give nothing: models are often padded.
  public byte[] nextBytes(int token) {
    boolean first = begins;
    follow(token);
    if (token == vocabulary.bosId() || token < 0 || token >= vocabulary.size()) {
      return NOTHING;
    }
    if (vocabulary.eosIds().contains(token)) {
      return held.toByteArray();
    }
    if (vocabulary.printing().silent().get(token)) {
      return NOTHING;
    }
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    byte[] piece = piece(token);
    int from = spaceInFront && first && piece.length > 0 && piece[0] == ' ' ? 1 : 0;
    int to = length(piece);
    for (int i = from; i < to; i++) {
      accept(piece[i], text);
    }
    return text.toByteArray();
  }

  /// How much of a piece is shown.
  private int length(byte[] piece) {
    int end = 0;
    while (end < piece.length && !(vocabulary.printing().endsAtZero() && piece[end] == 0)) {
      end++;
    }
    return end;
  }

  private byte[] piece(int token) {
    return sentencePiece && ByteTokens.contains(token)
        ? new byte[] {ByteTokens.value(token)}
        : vocabulary.pieces()[token];
  }

  private void accept(byte b, ByteArrayOutputStream text) {
    boolean continuation = (b & 0xC0) == 0x80;
    if (missing > 0 && !continuation) {
      invalid = true;
      partialLength = 0;
      missing = 0;
    }
    held.write(b);
    if (missing > 0) {
      missing--;
    } else if (continuation || (b & 0xF8) == 0xF8) {
      invalid = true;
      return;
    } else {
      missing = following(b);
    }
    partial[partialLength++] = b;
    if (missing == 0) {
      emit(text);
    }
  }

  /// How many bytes follow the first one of a character.
  private static int following(byte first) {
    int value = first & 0xFF;
    return value < 0x80 ? 0 : value < 0xE0 ? 1 : value < 0xF0 ? 2 : 3;
  }

  private void emit(ByteArrayOutputStream text) {
    if (invalid) {
      text.writeBytes(REPLACEMENT);
    }
    text.writeBytes(Arrays.copyOf(partial, partialLength));
    clear();
  }
}
