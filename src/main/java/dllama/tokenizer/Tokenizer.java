package dllama.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Byte-pair encoding as distributed-llama does it with `.t` vocabularies: no pre-tokenizer, ids
/// below `bosId` are regular pieces, the others special tokens. Immutable, for any thread.
///
/// The text is first cut into special tokens (lowest id first where several fit) and the shortest
/// regular pieces; then the neighbours whose concatenation has the highest score are merged, the
/// leftmost first on ties, until no concatenation is a piece. Bytes that no piece begins with are
/// left out.
public final class Tokenizer {
  private final Vocabulary vocabulary;
  private final PieceTable regular;
  private final PieceTable special;

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

    /// The text of a token; bytes that are not UTF-8 become U+FFFD.
    public String text(int id) {
      return new String(pieces[id], StandardCharsets.UTF_8);
    }
  }

  public Tokenizer(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    int firstSpecial = vocabulary.bosId() < 0 ? vocabulary.size() : vocabulary.bosId();
    this.regular = new PieceTable(vocabulary.pieces(), 0, firstSpecial);
    this.special = new PieceTable(vocabulary.pieces(), firstSpecial, vocabulary.size());
  }

  public Vocabulary vocabulary() {
    return vocabulary;
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
    PairMerger merger = new PairMerger(text, regular, vocabulary.scores());
    int position = 0;
    while (position < text.length) {
      int id = specials ? special.lowestPrefix(text, position) : -1;
      if (id >= 0) {
        merger.addSpecial(id);
        position += length(id);
        continue;
      }
      id = regular.shortestPrefix(text, position);
      if (id >= 0) {
        merger.addRegular(id, position, length(id));
        position += length(id);
      } else {
        merger.addGap();
        position++;
      }
    }
    int[] ids = merger.merge();
    return start && vocabulary.addBos() && vocabulary.bosId() >= 0
        ? prepend(vocabulary.bosId(), ids)
        : ids;
  }

  private int length(int id) {
    return vocabulary.pieces()[id].length;
  }

  private static int[] prepend(int id, int[] ids) {
    int[] all = new int[ids.length + 1];
    all[0] = id;
    System.arraycopy(ids, 0, all, 1, ids.length);
    return all;
  }
}
