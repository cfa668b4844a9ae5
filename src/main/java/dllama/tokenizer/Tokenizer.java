package dllama.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Byte-pair encoding as distributed-llama does it with `.t` vocabularies: no pre-tokenizer. First
/// the text is cut into pieces; then the neighbours whose concatenation has the highest score are
/// merged, the leftmost first on ties, until no concatenation is a piece. How the text is cut
/// depends on the vocabulary, see [Vocabulary#sentencePiece]. Immutable, for any thread.
///
/// - *Byte-level*, as distributed-llama reads all files since 0.11: ids below `bosId` are regular
///   pieces, the others special tokens. The text is cut into special tokens (lowest id first where
///   several fit) and the shortest regular pieces; bytes that no piece begins with are left out.
/// - *SentencePiece*, as it read them until 0.10: a space in front of every text, then a piece per
///   character; of one that is no piece each byte becomes a token, which is never merged.
public final class Tokenizer {
  /// Cuts text for merging.
  private interface Cutter {
    /// @param trusted the bytes in which names of special tokens stand for these tokens
    /// @param start whether nothing stands in front of the text
    PairMerger cut(byte[] text, BitSet trusted, boolean start);
  }

  private final Vocabulary vocabulary;
  private final Cutter cutter;

  /// The pieces of a tokenizer.
  ///
  /// @param pieces bytes by token id
  /// @param scores merge priority by token id, the highest is merged first
  /// @param bosId begin of text, and the first special token; −1 where there is none and all pieces
  ///     are regular
  /// @param eosIds tokens that end a text or an answer
  /// @param addBos whether a text starts with `bosId`
  /// @param chatTemplate Jinja text that came with the model
  public record Vocabulary(
      byte[][] pieces,
      float[] scores,
      int bosId,
      List<Integer> eosIds,
      boolean addBos,
      @Nullable String chatTemplate) {
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
      return new Vocabulary(pieces, scores, bosId, eosIds, false, chatTemplate);
    }

    /// Whether this is a SentencePiece vocabulary, as those of Llama 2, Mixtral and Grok-1 are. No
    /// header tells; it shows in the names of the bytes, `<0x00>` to `<0xFF>`, at the ids from 3
    /// on, where distributed-llama 0.10 looks for them. Its later converters write the bytes
    /// themselves, for byte-level reading.
    public boolean sentencePiece() {
      return ByteTokens.in(pieces);
    }

    /// The text of a token; bytes that are not UTF-8 become U+FFFD.
    public String text(int id) {
      return new String(pieces[id], StandardCharsets.UTF_8);
    }
  }

  public Tokenizer(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    if (vocabulary.sentencePiece()) {
      cutter = new CharacterCutter(vocabulary)::cut;
    } else {
      PieceCutter pieces = new PieceCutter(vocabulary);
      cutter = (text, trusted, _) -> pieces.cut(text, trusted);
    }
  }

  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /// Token ids of a text that is to be continued, as distributed-llama takes it: it is all that the
  /// model sees, so names of special tokens count, in byte-level vocabularies only.
  public int[] encodePrompt(String text) {
    return encodePrompt(text.getBytes(StandardCharsets.UTF_8));
  }

  /// The same for bytes, which need not be UTF-8.
  public int[] encodePrompt(byte[] text) {
    return encode(text, true, !vocabulary.sentencePiece());
  }

  /// Token ids of a text.
  ///
  /// @param start whether the text begins a sequence, so that BOS comes first where the vocabulary
  ///     asks for it
  /// @param specials whether the names of special tokens in the text stand for these tokens
  public int[] encode(String text, boolean start, boolean specials) {
    return encode(text.getBytes(StandardCharsets.UTF_8), start, specials);
  }

  /// The same for bytes, which need not be UTF-8. Takes O(n log n) for n bytes.
  public int[] encode(byte[] text, boolean start, boolean specials) {
    BitSet trusted = new BitSet();
    trusted.set(0, specials ? text.length : 0);
    int[] ids = cutter.cut(text, trusted, true).merge();
    return start ? withBos(ids) : ids;
  }

  /// Token ids of a whole prompt: names of special tokens count in the template's own text only.
  public int[] encode(PromptText prompt) {
    IntStream.Builder ids = IntStream.builder();
    boolean start = true;
    for (PromptText.Part part : prompt.parts()) {
      int[] added =
          switch (part) {
            case PromptText.Part.Bytes of -> cutter.cut(of.text(), of.trusted(), start).merge();
            case PromptText.Part.Tokens(int[] tokens) -> tokens;
          };
      IntStream.of(added).forEach(ids::add);
      start = false;
    }
    return withBos(ids.build().toArray());
  }

  /// With BOS in front, where the vocabulary asks for it.
  private int[] withBos(int[] ids) {
    return vocabulary.addBos() && vocabulary.bosId() >= 0
        ? IntStream.concat(IntStream.of(vocabulary.bosId()), IntStream.of(ids)).toArray()
        : ids;
  }
}
