package dllama.tokenizer;

import dllama.tokenizer.Tokenizer.Vocabulary;
import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;

/// The cutting half of SentencePiece encoding, as distributed-llama 0.10 does it: a space in front,
/// then character by character. Immutable.
final class CharacterCutter {
  /// Bytes that one character of UTF-8 has at most.
  private static final int LONGEST = 4;

  private final Vocabulary vocabulary;
  private final PieceTable pieces;

  /// BOS and the end tokens.
  private final int[] specials;

  CharacterCutter(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    this.pieces = new PieceTable(vocabulary.pieces(), this::isRegular);
    this.specials =
        IntStream.concat(
                IntStream.of(vocabulary.bosId()),
                vocabulary.eosIds().stream().mapToInt(Integer::intValue))
            .filter(id -> id >= 0 && vocabulary.pieces()[id].length > 0)
            .toArray();
  }

  /// Whether text may be merged to a token: not to `<unk>`, BOS, an end token, or one of a byte.
  private boolean isRegular(int id) {
    return id > 0
        && id != vocabulary.bosId()
        && !vocabulary.eosIds().contains(id)
        && !ByteTokens.contains(id);
  }

  /// What is to be merged.
  ///
  /// @param trusted the bytes in which the names of BOS and end tokens stand for these tokens; what
  ///     follows one gets a space in front again
  /// @param start whether nothing stands in front of the text
  PairMerger cut(byte[] text, BitSet trusted, boolean start) {
    byte[] spaced = new byte[Math.addExact(Math.multiplyExact(2, text.length), 1)];
    PairMerger merger = new PairMerger(spaced, pieces, vocabulary.scores());
    int end = 0;
    boolean begins = start;
    int at = 0;
    while (at < text.length) {
      int special = specialAt(text, at, trusted);
      if (special >= 0) {
        merger.addSpecial(special);
        at += vocabulary.pieces()[special].length;
        begins = true;
        continue;
      }
      if (begins) {
        spaced[end] = ' ';
        add(merger, spaced, end, 1);
        end++;
        begins = false;
      }
      int length = characterLength(text, at);
      System.arraycopy(text, at, spaced, end, length);
      add(merger, spaced, end, length);
      end += length;
      at += length;
    }
    return merger;
  }

  private int specialAt(byte[] text, int at, BitSet trusted) {
    if (!trusted.get(at)) {
      return -1;
    }
    for (int id : specials) {
      byte[] name = vocabulary.pieces()[id];
      int end = at + name.length;
      if (end <= text.length
          && Arrays.equals(text, at, end, name, 0, name.length)
          && trusted.nextClearBit(at) >= end) {
        return id;
      }
    }
    return -1;
  }

  /// Any byte and the continuation bytes after it; the text need not be UTF-8.
  private static int characterLength(byte[] text, int at) {
    int length = 1;
    while (length < LONGEST && at + length < text.length && (text[at + length] & 0xC0) == 0x80) {
      length++;
    }
    return length;
  }

  private void add(PairMerger merger, byte[] text, int at, int length) {
    int id = pieces.find(text, at, at + length);
    if (id >= 0) {
      merger.addRegular(id, at, length);
      return;
    }
    for (int i = at; i < at + length; i++) {
      merger.addSpecial(ByteTokens.of(text[i]));
    }
  }
}
