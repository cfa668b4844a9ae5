package dllama.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes tokens of text: one implementation for each way in which vocabularies are made. Immutable,
/// for any thread. [TokenStream] makes text of tokens.
public interface Tokenizer {
  /// That of a vocabulary.
  static Tokenizer of(Vocabulary vocabulary) {
    return vocabulary.encoding().of(vocabulary);
  }

  /// How text is encoded to the tokens of a vocabulary.
  @FunctionalInterface
  interface Encoding {
    Tokenizer of(Vocabulary vocabulary);
  }

  Vocabulary vocabulary();

  /// Token ids of a text that is to be continued: it is all that the model sees, so names of
  /// special tokens count. It need not be UTF-8.
  int[] encodePrompt(byte[] text);

  /// The same for a string.
  default int[] encodePrompt(String text) {
    return encodePrompt(text.getBytes(StandardCharsets.UTF_8));
  }

  /// Token ids of a text, which need not be UTF-8. Takes O(n log n) for n bytes.
  ///
  /// @param start whether the text begins a sequence, so that BOS comes first where the vocabulary
  ///     asks for it
  /// @param specials whether the names of special tokens in the text stand for these tokens
  int[] encode(byte[] text, boolean start, boolean specials);

  /// The same for a string.
  default int[] encode(String text, boolean start, boolean specials) {
    return encode(text.getBytes(StandardCharsets.UTF_8), start, specials);
  }

  /// Token ids of a whole prompt: names of special tokens count in the template's own text only.
  int[] encode(PromptText prompt);

  /// How tokens are shown, besides what [Vocabulary] says.
  ///
  /// @param silent tokens that give no text
  /// @param spaceInFront whether a text that begins with BOS has a space in front that is not shown
  /// @param endsAtZero whether what follows a zero byte in a piece is not shown
  record Printing(BitSet silent, boolean spaceInFront, boolean endsAtZero) {
    static final Printing OF_DLLAMA = new Printing(new BitSet(), false, true);
  }

  /// The pieces of a tokenizer.
  ///
  /// @param pieces bytes by token id: what is shown of it, or its name
  /// @param scores merge priority by token id, the highest is merged first
  /// @param bosId begin of text, and the first special token; −1 where there is none and all pieces
  ///     are regular
  /// @param eosIds tokens that end a text or an answer
  /// @param addBos whether a text starts with `bosId`
  /// @param chatTemplate Jinja text that came with the model
  /// @param printing how tokens are shown
  /// @param encoding how text becomes tokens
  record Vocabulary(
      byte[][] pieces,
      float[] scores,
      int bosId,
      List<Integer> eosIds,
      boolean addBos,
      @Nullable String chatTemplate,
      Printing printing,
      Encoding encoding) {
    /// That of a `.t` file.
    public Vocabulary(
        byte[][] pieces,
        float[] scores,
        int bosId,
        List<Integer> eosIds,
        boolean addBos,
        @Nullable String chatTemplate) {
      this(
          pieces,
          scores,
          bosId,
          eosIds,
          addBos,
          chatTemplate,
          Printing.OF_DLLAMA,
          ScoreTokenizer::new);
    }

    public Vocabulary {
      int size = pieces.length;
      if (scores.length != size || bosId < -1 || bosId >= size) {
        throw new IllegalArgumentException(
            "pieces=%d scores=%d bosId=%d".formatted(size, scores.length, bosId));
      }
      for (int id : eosIds) {
        if (id < 0 || id >= size) {
          throw new IllegalArgumentException("eosId=%d pieces=%d".formatted(id, size));
        }
      }
      eosIds = List.copyOf(eosIds);
    }

    public int size() {
      return pieces.length;
    }

    /// The same, but texts start without `bosId`.
    public Vocabulary withoutBos() {
      return new Vocabulary(pieces, scores, bosId, eosIds, false, chatTemplate, printing, encoding);
    }

    /// Whether this is a SentencePiece vocabulary, as those of Llama 2, Mixtral and Grok-1 are. No
    /// header of a `.t` file tells; it shows in the names of the bytes, `<0x00>` to `<0xFF>`, at
    /// the ids from 3 on, where distributed-llama 0.10 looks for them. Its later converters write
    /// the bytes themselves, for byte-level reading.
    public boolean sentencePiece() {
      return ByteTokens.in(pieces);
    }

    /// The text of a token; bytes that are not UTF-8 become U+FFFD.
    public String text(int id) {
      return new String(pieces[id], StandardCharsets.UTF_8);
    }
  }
}
